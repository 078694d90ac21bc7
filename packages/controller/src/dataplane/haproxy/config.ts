/**
 * A HAProxy configuration as a tree. Builders make the tree, `writer.ts` alone turns it into text: no builder ever
 * touches a quote, a space or a line end, so no tenant's value can become configuration.
 */

export type SectionKind = 'global' | 'defaults' | 'frontend' | 'backend' | 'peers';

/** Every first word that the builders use. */
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

/**
 * A plain string is a word of HAProxy's own language or an identifier: the writer refuses one that would need quotes, so
 * that data cannot pass as a word. A number must be a whole one.
 */
export type Argument = string | number | Value | LogFormat | SampleFetch;

export interface Line {
  readonly keyword: Keyword;
  readonly arguments: readonly Argument[];
}

export interface Section {
  readonly kind: SectionKind;
  /** Identifier made of UUIDs; null for `global` and `defaults`. */
  readonly name: string | null;
  readonly lines: readonly Line[];
}

export interface HaproxyConfig {
  readonly sections: readonly Section[];
  /** False when no listener is to be served: HAProxy must then be stopped, it refuses to run without a frontend. */
  readonly serves: boolean;
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
