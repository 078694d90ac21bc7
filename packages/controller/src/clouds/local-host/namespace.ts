import { statSync } from 'node:fs';
import { OctaviaError } from '../../errors.ts';
import type { LocalInstance } from './instance.ts';

const fileOf = (name: string): string => `/run/netns/${name}`;

/** Whether this process sees the bridges of the instance. */
export function seesNetworks({ netns }: Pick<LocalInstance, 'netns'>): boolean {
  if (netns === null) return true;
  const wanted = statSync(fileOf(netns), { throwIfNoEntry: false });
  return wanted !== undefined && wanted.ino === statSync('/proc/self/ns/net').ino;
}

/** @throws OctaviaError WRONG_NAMESPACE when this is not the network the local cloud lives in */
export function requireNamespace(instance: Pick<LocalInstance, 'netns'>): void {
  const { netns: name } = instance;
  if (name === null || seesNetworks(instance)) return;
  throw new OctaviaError('WRONG_NAMESPACE', { name, file: fileOf(name) });
}
