/** The table of commands is data: parser, help, completion and the reference page are made of it. */

/** Where names are looked up. The first seven are kinds of the load balancing API. */
export type Finder =
  | 'loadbalancers'
  | 'listeners'
  | 'pools'
  | 'members'
  | 'healthmonitors'
  | 'l7policies'
  | 'l7rules'
  | 'amphorae'
  | 'flavors'
  | 'flavorprofiles'
  | 'availability_zones'
  | 'availability_zone_profiles'
  | 'projects'
  | 'networks'
  | 'subnets'
  | 'ports'
  | 'qos_policies'
  | 'security_groups';

/** How the text of the command line becomes the value that is sent. */
export type Conversion = 'int' | 'float' | 'pairs' | 'nullable' | 'vips';

/** One option or positional argument. */
export interface Argument {
  /** Spellings, the one to show first; empty for a positional argument. */
  readonly flags: readonly string[];
  /** Its name in the result of parsing. */
  readonly dest: string;
  readonly metavar?: string;
  /** How many words it takes; 1 unless said otherwise. */
  readonly takes?: 0 | 1 | '?' | '*';
  /** What happens when it is there; `store` unless said otherwise. */
  readonly action?: 'store' | 'append' | 'commas' | 'count' | 'help' | 'version';
  /** What `store` stores of an option without a word; true unless said otherwise. */
  readonly constant?: unknown;
  readonly type?: 'int' | 'float' | 'upper';
  readonly choices?: readonly (string | number)[];
  readonly default?: unknown;
  readonly required?: true;
  /** At most one of the options that name the same group. */
  readonly group?: string;
  readonly help: string;
  /** Further spellings that help does not show; only written out in full. */
  readonly aliases?: readonly string[];
  /** Newer than python-octaviaclient 3.1: a prefix means it only when it means nothing older. */
  readonly newer?: true;
  /** Only written out in full. */
  readonly whole?: true;
  readonly hidden?: true;

  /** The field of the API that it sets, filters by or clears. */
  readonly field?: string;
  readonly as?: Conversion;
  /** What an option without a word sends. */
  readonly sends?: unknown;
  /** Whose name or id the text is. */
  readonly find?: Finder;
  /** Operators' commands: what the variable of this name says counts as the default. */
  readonly env?: string;
  /** Operators' commands: @returns a sentence about what is wrong with the text, null when nothing is. */
  readonly check?: (text: string) => string | null;
}

/** Whether a word behind the option is its value. */
export const takesWord = ({ takes }: Argument): boolean => takes !== 0;

/** What happens when the command runs. */
type Does =
  | { readonly verb: Verb; readonly kind: Kind }
  | { readonly verb: 'operator'; readonly name: string }
  | { readonly verb: 'own'; readonly name: string };

type Verb =
  | 'create'
  | 'list'
  | 'show'
  | 'set'
  | 'unset'
  | 'delete'
  | 'failover'
  | 'configure'
  | 'stats'
  | 'status'
  | 'reset'
  | 'defaults'
  | 'capabilities';

/** One kind of object of the API. */
export interface Kind {
  /** Below the endpoint of v2.0; `{parent}` is the id of the parent. */
  readonly path: string;
  /** Keys that wrap one object and a list. */
  readonly one: string;
  readonly many: string;
  /** Key of the links of a list, where it is not `<many>_links`. */
  readonly links?: string;
  /** Where its names are looked up. */
  readonly finder: Finder | null;
  /** Availability zones have no id. */
  readonly key: 'id' | 'name';
  readonly parent: Finder | null;
  /** Columns of lists, and rows of records. */
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** Columns of `list --long`. */
  readonly longColumns?: readonly string[];
}

export interface Command {
  /** `loadbalancer listener create`. */
  readonly words: string;
  /** One sentence. */
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly output: 'list' | 'one' | 'text';
  /** Groups of which one option has to be there. */
  readonly oneOf?: readonly string[];
  readonly does: Does;
}
