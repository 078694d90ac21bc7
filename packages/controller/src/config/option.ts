/** Builders of option definitions: `bind_port: port(9876, 'API listen port.')`. The type of the value follows. */
import * as types from './value-types.ts';

export interface OptionExtras {
  /** Takes effect on a reload, without a restart. */
  mutable?: true;
  /** Older names as `section.option`, written with underscores. */
  old?: readonly string[];
  /** Still read, with a warning; a later release will drop it. */
  forRemoval?: true;
  /** Accepted so that existing files load; this implementation has no use for it, and this says why, as it reads on from a colon. */
  compatibility?: string;
  /** Environment variable that is read when the option is set nowhere. */
  fallbackEnv?: string;
  /** Shown in place of a default that depends on the machine. */
  sample?: string;
  /** Warned of while the option has its default; reads on from its name. */
  defaultWarning?: string;
}

export interface Option<T> extends OptionExtras {
  readonly type: types.ValueType<Exclude<T, null>>;
  readonly default: T;
  readonly help: string;
  /** Never shown: not in messages, not in dumps. */
  readonly secret: boolean;
}

/** What an option may be because of others in its section. */
export interface Rule<V, All> {
  /** As documentation says it, a sentence. */
  readonly text: string;
  /** Why the value cannot be, without the name of the option; null when it can. */
  refuse(value: V, all: All): string | null;
}

export type ValueOf<O> = O extends Option<infer T> ? T : never;
type Values<O> = { readonly [K in keyof O]: ValueOf<O[K]> };
export type Rules<O> = { readonly [K in keyof O]?: Rule<ValueOf<O[K]>, Values<O>> };

export interface Section<O extends Record<string, Option<unknown>>> {
  readonly help: string;
  readonly options: O;
  readonly rules: Rules<O>;
}

export function section<O extends Record<string, Option<unknown>>>(
  help: string,
  options: O,
  rules: Rules<NoInfer<O>> = {},
): Section<O> {
  return { help, options, rules };
}

/** An option whose default is null may be unset; all others always have a value. */
type Optional<V, D> = Option<[D] extends [null] ? V | null : V>;

type Builder<V, E = unknown> = <D extends V | null>(
  fallback: D,
  help: string,
  extras?: OptionExtras & E,
) => Optional<V, D>;

function builder<V, E = unknown>(typeOf: (extras: Partial<E>) => types.ValueType<V>, secret = false): Builder<V, E> {
  return <D extends V | null>(fallback: D, help: string, extras?: OptionExtras & E) => {
    const option = { ...extras, type: typeOf(extras ?? ({} as Partial<E>)), default: fallback, help, secret };
    return option as unknown as Optional<V, D>;
  };
}

interface TextExtras {
  check?: types.TextCheck;
}

export const string = builder<string, TextExtras>((extras) => types.stringType(extras.check));
/** A string that is never shown. */
export const secret = builder<string, TextExtras>((extras) => types.stringType(extras.check), true);
export const bool = builder<boolean>(types.boolType);
export const int = builder<number, types.Bounds>(types.intType);
export const float = builder<number, types.Bounds>(types.floatType);
export const port = builder<number>(types.portType);
export const ip = builder<string>(types.ipType);
export const host = builder<string>(types.hostType);
export const list = builder<readonly string[]>(types.listType);
export const dict = builder<Readonly<Record<string, string>>>(types.dictType);
export const multi = builder<readonly string[]>(types.multiType);

export function choice<const C extends string, const D extends string | null>(
  fallback: D,
  choices: readonly C[],
  help: string,
  extras: OptionExtras & { ignoreCase?: true } = {},
): Option<C | D> {
  const { ignoreCase = false, ...rest } = extras;
  const type = types.choiceType(choices, ignoreCase);
  return { ...rest, type, default: fallback, help, secret: false } as unknown as Option<C | D>;
}
