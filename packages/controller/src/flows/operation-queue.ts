import type { DBOSClient } from '@dbos-inc/dbos-sdk';
import type { Tx } from '../store/core/database.ts';
import { openPool } from '../store/core/pool.ts';
import type { NewOperation } from '../store/operations/operations.ts';
import * as operations from '../store/operations/operations.ts';
import { APPLICATION, APPLICATION_VERSION, QUEUE, WORKFLOW } from './engine-names.ts';

const ENDED = ['SUCCESS', 'ERROR', 'CANCELLED'] as const;
const FORGET_AT_ONCE = 500;

const PLACE: operations.QueuePlace = {
  queue: QUEUE,
  workflow: WORKFLOW,
  application: APPLICATION,
  applicationVersion: APPLICATION_VERSION,
};

/** The engine's end for those who accept changes: operation and flow come into being with the change, by SQL alone. */
export class OperationQueue {
  /** The operation as the statement of its change writes it. */
  place(operation: NewOperation): operations.QueuedOperation {
    return { ...operation, place: PLACE };
  }

  submit(tx: Tx, operation: NewOperation): Promise<void> {
    return operations.submit(tx, this.place(operation));
  }
}

/** Removes what the engine remembers of flows that ended more than `age` seconds ago. @returns how many */
export async function forgetFlows(url: string, age: number): Promise<number> {
  const { DBOSClient } = await import('@dbos-inc/dbos-sdk');
  const pool = openPool({ connectionString: url, max: 1 }, () => undefined);
  try {
    const names = { systemDatabaseUrl: url, applicationName: APPLICATION };
    const client = await DBOSClient.create({ ...names, systemDatabasePool: pool });
    try {
      return await forgetEnded(client, age);
    } finally {
      await client.destroy();
    }
  } finally {
    await pool.end();
  }
}

async function forgetEnded(client: DBOSClient, age: number): Promise<number> {
  const completedBefore = new Date(Date.now() - age * 1000).toISOString();
  const ended = { queueName: QUEUE, status: [...ENDED], completedBefore, limit: FORGET_AT_ONCE };
  let total = 0;
  for (;;) {
    const flows = await client.listWorkflows({ ...ended, loadInput: false, loadOutput: false });
    await client.deleteWorkflows(flows.map((flow) => flow.workflowID));
    total += flows.length;
    if (flows.length < FORGET_AT_ONCE) return total;
  }
}
