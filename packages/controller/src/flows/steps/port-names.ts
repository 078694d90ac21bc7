/** Ports are found again by name: a repeated step adopts, an undo needs no memory. */
export const vrrpPortName = (amphoraId: string): string => `octavia-lb-vrrp-${amphoraId}`;

export const memberPortPrefix = (amphoraId: string): string => `octavia-lb-member-${amphoraId}-`;

export const vipPortName = (loadBalancerId: string): string => `octavia-lb-${loadBalancerId}`;
