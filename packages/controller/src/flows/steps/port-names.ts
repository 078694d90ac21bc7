import type { VnicType } from '../../domain/resources.ts';

/** Ports are found again by name: a repeated step adopts, an undo needs no memory. */
export const vrrpPortName = (amphoraId: string): string => `octavia-lb-vrrp-${amphoraId}`;

export const memberPortPrefix = (amphoraId: string): string => `octavia-lb-member-${amphoraId}-`;

/** No port changes its type: where members ask for another, another port takes the place of the first. */
export const memberPortName = (amphoraId: string, networkId: string, vnicType: VnicType): string =>
  `${memberPortPrefix(amphoraId)}${networkId}${vnicType === 'normal' ? '' : `-${vnicType}`}`;

export const vipPortName = (loadBalancerId: string): string => `octavia-lb-${loadBalancerId}`;

/** Server groups likewise. */
export const serverGroupName = (loadBalancerId: string): string => `octavia-lb-${loadBalancerId}`;
