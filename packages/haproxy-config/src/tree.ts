/**
 * A HAProxy configuration as a tree. Builders make the tree, `writer.ts` alone turns it into text: no builder ever
 * touches a quote, a space or a line end, so no tenant's value can become configuration. `reader.ts` makes a tree of a
 * text that somebody else may have written.
 */

/** The words that begin a section, in HAProxy up to 3.2. */
export const SECTION_KINDS = [
  ...(['global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'mailers', 'userlist'] as const),
  ...(['cache', 'program', 'ring', 'http-errors', 'log-forward', 'fcgi-app'] as const),
  ...(['crt-store', 'log-profile', 'traces', 'acme'] as const),
] as const;

export type SectionKind = (typeof SECTION_KINDS)[number];

/** Every first word that builders use. */
export type Keyword =
  | 'acl'
  | 'balance'
  | 'bind'
  | 'cookie'
  | 'default_backend'
  | 'description'
  | 'expose-experimental-directives'
  | 'external-check'
  | 'hard-stop-after'
  | 'http-after-response'
  | 'http-check'
  | 'http-request'
  | 'insecure-fork-wanted'
  | 'load-server-state-from-file'
  | 'localpeer'
  | 'log'
  | 'log-format'
  | 'lua-load'
  | 'maxconn'
  | 'mode'
  | 'mworker-max-reloads'
  | 'no'
  | 'node'
  | 'option'
  | 'peer'
  | 'retries'
  | 'retry-on'
  | 'server'
  | 'server-state-file'
  | 'stats'
  | 'stick'
  | 'stick-table'
  | 'table'
  | 'tcp-check'
  | 'tcp-request'
  | 'timeout'
  | 'tune.bufsize'
  | 'tune.ssl.default-dh-param'
  | 'tune.http.maxhdr'
  | 'use-server'
  | 'use_backend'
  | 'user'
  | 'group';

/** Data, taken literally whatever characters it has. */
export interface Value {
  readonly kind: 'value';
  readonly text: string;
}

/**
 * A part of a log format, where `%` starts a variable: data (a plain string, taken literally), a sample of HAProxy's
 * (`{ sample: 'ssl_c_s_dn(cn)' }`), or what the operator configured, variables and all.
 */
export type LogFormatPart = string | { readonly sample: string } | { readonly operator: string };

export interface LogFormat {
  readonly kind: 'log-format';
  readonly parts: readonly LogFormatPart[];
}

/** A function of HAProxy's, with data as its arguments. */
export interface Call {
  readonly name: string;
  readonly arguments: readonly string[];
}

/**
 * A sample fetch and what it is converted by, e.g. `req.hdr(host),host_only,rtrim(.)`. HAProxy unquotes the arguments a
 * second time.
 */
export interface SampleFetch extends Call {
  readonly kind: 'fetch';
  readonly converters: readonly Call[];
}

/** A word of a text that was read, with quotes and all. The reader makes it where a `Value` cannot say the same. */
export interface Verbatim {
  readonly kind: 'verbatim';
  readonly source: string;
}

/**
 * A plain string is a word of HAProxy's own language or an identifier: the writer refuses one that would need quotes, so
 * that data cannot pass as a word. A number must be a whole one.
 */
export type Argument = string | number | Value | LogFormat | SampleFetch | Verbatim;

export interface Line {
  /** One of `Keyword` where a builder made the line. */
  readonly keyword: string;
  readonly arguments: readonly Argument[];
}

export interface Section {
  readonly kind: SectionKind;
  /** An identifier; null where there is none, as of `global`. */
  readonly name: string | null;
  readonly lines: readonly Line[];
}

export interface HaproxyConfig {
  readonly sections: readonly Section[];
}

export const line = (keyword: Keyword, ...args: Argument[]): Line => ({ keyword, arguments: args });
export const value = (text: string): Value => ({ kind: 'value', text });
export const logFormat = (...parts: LogFormatPart[]): LogFormat => ({ kind: 'log-format', parts });
export const fetchOf = (name: string, ...args: string[]): SampleFetch => ({
  kind: 'fetch',
  name,
  arguments: args,
  converters: [],
});
export const convert = (fetch: SampleFetch, name: string, ...args: string[]): SampleFetch => ({
  ...fetch,
  converters: [...fetch.converters, { name, arguments: args }],
});
