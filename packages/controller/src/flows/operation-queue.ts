import { DBOSClient } from '@dbos-inc/dbos-sdk';
import type { Store, Tx } from '../store/database.ts';
import type { NewOperation } from '../store/operations.ts';
import * as operations from '../store/operations.ts';
import { openPool } from '../store/pool.ts';
import { APPLICATION, APPLICATION_VERSION, QUEUE, WORKFLOW } from './engine-names.ts';

const ENDED = ['SUCCESS', 'ERROR', 'CANCELLED'] as const;
const FORGET_AT_ONCE = 500;

/** The API's end of the engine: an accepted change and its owner come into being in one transaction, or neither does. */
export class OperationQueue {
  readonly #store: Store;
  readonly #client: DBOSClient;
  readonly #pool: ReturnType<typeof openPool>;

  private constructor(store: Store, client: DBOSClient, pool: ReturnType<typeof openPool>) {
    this.#store = store;
    this.#client = client;
    this.#pool = pool;
  }

  static async open(store: Store, url: string): Promise<OperationQueue> {
    // The client writes through the transaction's connection; its own pool is only for look-ups.
    const pool = openPool({ connectionString: url, max: 1 }, () => undefined);
    const client = await DBOSClient.create({
      systemDatabaseUrl: url,
      systemDatabasePool: pool,
      applicationName: APPLICATION,
    });
    return new OperationQueue(store, client, pool);
  }

  async submit(tx: Tx, operation: NewOperation): Promise<void> {
    await operations.insert(tx, operation);
    await this.#client.enqueueInTransaction(
      this.#store.clientOf(tx),
      {
        queueName: QUEUE,
        workflowName: WORKFLOW,
        workflowID: operation.id,
        // One flow at a time for one load balancer, in the order the changes were accepted.
        queuePartitionKey: operation.loadBalancerId,
        appVersion: APPLICATION_VERSION,
      },
      operation.id,
    );
  }

  /** Removes what the engine remembers of flows that ended more than `age` seconds ago. @returns how many */
  async forget(age: number): Promise<number> {
    const completedBefore = new Date(Date.now() - age * 1000).toISOString();
    const ended = { queueName: QUEUE, status: [...ENDED], completedBefore, limit: FORGET_AT_ONCE };
    let total = 0;
    for (;;) {
      const flows = await this.#client.listWorkflows({ ...ended, loadInput: false, loadOutput: false });
      await this.#client.deleteWorkflows(flows.map((flow) => flow.workflowID));
      total += flows.length;
      if (flows.length < FORGET_AT_ONCE) return total;
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
    await this.#pool.end();
  }
}
