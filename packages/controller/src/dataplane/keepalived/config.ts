/**
 * A keepalived configuration as a tree. Builders make the tree, `writer.ts` alone turns it into text: no builder ever
 * touches a quote, a space or a line end, so no value can become configuration.
 */

/** Every word that the builders start a line or a block with. */
export type Keyword =
  | 'accept'
  | 'advert_int'
  | 'auth_pass'
  | 'auth_type'
  | 'authentication'
  | 'connect_ip'
  | 'connect_port'
  | 'connect_timeout'
  | 'delay_before_retry'
  | 'delay_loop'
  | 'down_timer_adverts'
  | 'dynamic_interfaces'
  | 'enable_script_security'
  | 'fall'
  | 'file'
  | 'garp_master_refresh'
  | 'garp_master_refresh_repeat'
  | 'global_defs'
  | 'HTTP_GET'
  | 'http_protocol'
  | 'interface'
  | 'interval'
  | 'lb_algo'
  | 'lb_kind'
  | 'MISC_CHECK'
  | 'misc_path'
  | 'misc_timeout'
  | 'nopreempt'
  | 'path'
  | 'persistence_granularity'
  | 'persistence_timeout'
  | 'priority'
  | 'protocol'
  | 'real_server'
  | 'retry'
  | 'rise'
  | 'router_id'
  | 'script'
  | 'script_user'
  | 'sorry_server'
  | 'state'
  | 'status_code'
  | 'TCP_CHECK'
  | 'track_file'
  | 'track_script'
  | 'UDP_CHECK'
  | 'unicast_peer'
  | 'unicast_src_ip'
  | 'url'
  | 'uthreshold'
  | 'virtual_ipaddress'
  | 'virtual_ipaddress_excluded'
  | 'virtual_router_id'
  | 'virtual_rules'
  | 'virtual_server'
  | 'virtual_server_group'
  | 'virtualhost'
  | 'vrrp_instance'
  | 'vrrp_script'
  | 'weight';

/** Data, taken literally. The writer refuses what keepalived's language cannot hold. */
export interface Value {
  readonly kind: 'value';
  readonly text: string;
}

/** A plain string is a word of keepalived's own language or an identifier; a number must be a whole one. */
export type Argument = string | number | Value;

/** Without a keyword: an entry of a list, such as an address. */
export interface Line {
  readonly kind: 'line';
  readonly keyword: Keyword | null;
  readonly arguments: readonly Argument[];
}

/** Names an object for whoever reads the file; keepalived skips it. */
export interface Comment {
  readonly kind: 'comment';
  readonly text: string;
}

export type Entry = Line | Block | Comment;

export interface Block {
  readonly kind: 'block';
  readonly keyword: Keyword;
  /** An identifier, for blocks that have a name; or the words after the keyword. */
  readonly name: string | readonly Argument[] | null;
  readonly entries: readonly Entry[];
}

export interface KeepalivedConfig {
  readonly blocks: readonly Block[];
}

export const value = (text: string): Value => ({ kind: 'value', text });

export function line(keyword: Keyword, ...given: readonly Argument[]): Line {
  return { kind: 'line', keyword, arguments: given };
}

export const comment = (text: string): Comment => ({ kind: 'comment', text });

export function entry(...given: readonly Argument[]): Line {
  return { kind: 'line', keyword: null, arguments: given };
}

export function block(
  keyword: Keyword,
  entries: readonly Entry[],
  name: string | readonly Argument[] | null = null,
): Block {
  return { kind: 'block', keyword, name, entries };
}
