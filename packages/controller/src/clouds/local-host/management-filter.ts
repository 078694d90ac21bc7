/**
 * Keeps tenants out of the management network: on one host all networks have the same router, so a member there, or at the
 * host's own address in it, would be reached through a load balancer.
 */
import { CommandError, runTool } from './command.ts';
import type { LocalInstance } from './instance.ts';

const tableOf = (tag: string): string => `ip octavia_${tag}`;

/**
 * Pure. Before routing, so that it holds for the host itself and for what it forwards. The management network has no IPv6
 * addresses. Idempotent as a script.
 */
function managementScript({ tag, networks }: Pick<LocalInstance, 'tag' | 'networks'>): string {
  const { management, ...tenants } = networks;
  const bridges = Object.values(tenants).map(({ bridge }) => `"${bridge}"`);
  const chain = `${tableOf(tag)} management`;
  return `add table ${tableOf(tag)}
add chain ${chain} { type filter hook prerouting priority -300; policy accept; }
flush chain ${chain}
add rule ${chain} iifname { ${bridges.join(', ')} } ip daddr ${management.subnet.cidr} drop
`;
}

const nft = (input: string) => runTool(['nft', '-f', '-'], { input });

/** False: this kernel cannot. */
export async function closeManagement(instance: LocalInstance): Promise<boolean> {
  try {
    await nft(managementScript(instance));
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Idempotent. @throws CommandError where the kernel cannot filter */
export async function removeManagementFilter(tag: string): Promise<void> {
  await nft(`add table ${tableOf(tag)}\ndelete table ${tableOf(tag)}\n`);
}
