import { randomUUID } from 'node:crypto';
import type { OperationQueue } from '../../flows/operation-queue.ts';
import { FLOW_VERSION } from '../../flows/registry.ts';
import type { Tx } from '../../store/database.ts';
import type { Candidate, Change, Provider } from '../interface.ts';

export interface AmphoraProviderOptions {
  name: string;
  description: string;
  queue: OperationQueue;
  /** What the data plane cannot do; the noop data plane can do everything. @throws OctaviaError */
  check(candidate: Candidate): void;
}

/** The built-in provider: a change is an operation, carried out by a worker with amphorae. */
export class AmphoraProvider implements Provider {
  readonly name: string;
  readonly description: string;
  readonly #options: AmphoraProviderOptions;

  constructor(options: AmphoraProviderOptions) {
    this.name = options.name;
    this.description = options.description;
    this.#options = options;
  }

  check(candidate: Candidate): void {
    this.#options.check(candidate);
  }

  async submit(tx: Tx, change: Change): Promise<void> {
    await this.#options.queue.submit(tx, {
      id: randomUUID(),
      flowVersion: FLOW_VERSION,
      ...change,
      input: change.input ?? {},
    });
  }
}
