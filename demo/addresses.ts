import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subnet } from './control-plane.ts';
import { command } from './shell.ts';

/** On one link an ARP answer takes well under a millisecond. */
const ARP_WAIT_MS = 100;

const toNumber = (address: string): number => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export function prefixLength(subnet: Subnet): number {
  return Number(subnet.cidr.split('/')[1]);
}

/**
 * Addresses of the subnet that nobody answers for, from its end: the service hands out the low ones first. Starts at a
 * place of its own in the last hundred, so that two demos at once do not meet.
 */
export async function freeAddresses(subnet: Subnet, count: number): Promise<string[]> {
  const first = toNumber(subnet.cidr.split('/')[0] ?? '');
  const last = first + 2 ** (32 - prefixLength(subnet)) - 2;
  const found: string[] = [];
  for (let candidate = last - Math.floor(Math.random() * 100); candidate > first + 1; candidate -= 1) {
    const address = toText(candidate);
    if (await isFree(address)) found.push(address);
    if (found.length === count) return found;
  }
  throw new Error(`No free address is left in ${subnet.cidr}.`);
}

async function isFree(address: string): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.send('', 9, address, resolve));
  await sleep(ARP_WAIT_MS);
  socket.close();
  const neighbour = await command('ip', '-4', 'neigh', 'show', 'to', address);
  return !/ lladdr /.test(neighbour);
}

/** The bridge that carries the gateway address of the subnet. */
export async function bridgeOf(subnet: Subnet): Promise<string> {
  const text = await command('ip', '-o', '-4', 'addr', 'show', 'to', `${subnet.gatewayIp}/32`);
  const name = /^\d+: (\S+)/.exec(text)?.[1];
  if (name === undefined) throw new Error(`No interface has ${subnet.gatewayIp}: is this the right network namespace?`);
  return name;
}
