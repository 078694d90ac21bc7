import { existsSync, readFileSync } from 'node:fs';

const SWITCH = '/proc/sys/net/ipv6/conf/default/disable_ipv6';

/** Whether new interfaces in this network namespace get IPv6: the kernel has it and nobody switched it off. */
export const hostSpeaksIpv6 = (): boolean => existsSync(SWITCH) && readFileSync(SWITCH, 'utf8').trim() === '0';
