import { randomUUID } from 'node:crypto';
import { DriverError } from '@octavia/provider-lib';
import type { Operation } from '../../../src/domain/operations.ts';
import type { OctaviaError } from '../../../src/errors.ts';
import type { Acceptance, Candidate, Change, Provider } from '../../../src/providers/interface.ts';
import { succeed } from '../../../src/status/outcome.ts';
import type { Store } from '../../../src/store/core/database.ts';

/** Takes every change and carries it out when the test says so. */
export class RecordingProvider implements Provider {
  readonly name = 'amphora';
  readonly description = 'Records what it is asked for.';
  readonly changes: Change[] = [];
  readonly candidates: Candidate[] = [];
  /** Thrown by the next check or submit. */
  refuseCheck: OctaviaError | null = null;
  refuseSubmit: Error | null = null;
  /** What it refuses by nature. */
  rules: (candidate: Candidate) => void = () => undefined;

  check(candidate: Candidate): void {
    this.candidates.push(candidate);
    this.rules(candidate);
    const refusal = this.refuseCheck;
    this.refuseCheck = null;
    if (refusal) throw refusal;
  }

  /** Not good for VIPs. */
  refusedNetwork: string | null = null;

  async checkVipNetwork(networkId: string): Promise<void> {
    if (networkId === this.refusedNetwork) throw new DriverError({ user_fault_string: 'not on this network' });
  }

  /** Flavors of tests may say anything. */
  async validateFlavor(): Promise<void> {}

  accept(change: Change): Acceptance {
    const refusal = this.refuseSubmit;
    this.refuseSubmit = null;
    if (refusal) throw refusal;
    return { operation: null, committed: () => this.changes.push(change) };
  }

  /** Carries out everything that was asked for. */
  async settle(store: Store): Promise<void> {
    for (const change of this.changes.splice(0)) {
      const operation = { ...change, id: randomUUID(), input: change.input ?? {} } as Operation;
      await store.transaction((tx) => succeed(tx, operation));
    }
  }
}
