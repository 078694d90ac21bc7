import { OctaviaError } from '../../errors.ts';
import type { Listener } from '../resources.ts';
import { layer4 } from './protocols.ts';

type Bound = Pick<Listener, 'protocol' | 'protocolPort'>;

/** @throws OctaviaError DUPLICATE_LISTENER naming the existing listener's protocol */
export function checkPortFree(listener: Bound, others: readonly Bound[]): void {
  const existing = others.find(
    (other) => other.protocolPort === listener.protocolPort && layer4(other.protocol) === layer4(listener.protocol),
  );
  if (existing) {
    throw new OctaviaError('DUPLICATE_LISTENER', { protocol: existing.protocol, port: existing.protocolPort });
  }
}
