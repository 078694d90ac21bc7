import { readTextIfPresentSync } from '../../files/optional.ts';

const SWITCH = '/proc/sys/net/ipv6/conf/default/disable_ipv6';

/** Whether new interfaces in this network namespace get IPv6: the kernel has it and nobody switched it off. */
export const hostSpeaksIpv6 = (): boolean => readTextIfPresentSync(SWITCH)?.trim() === '0';
