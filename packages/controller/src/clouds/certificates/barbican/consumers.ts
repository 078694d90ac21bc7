/**
 * Who uses a secret, as Barbican is told: clients refuse to delete what has consumers. The database says what there should be; what
 * differs is made up for, however it came about.
 */
import type { Log } from '@octavia/protocol/log';
import { isOctaviaError } from '../../../errors.ts';
import type { Database } from '../../../store/core/database.ts';
import * as uses from '../../../store/resources/secret-uses.ts';
import { type Barbican, objectOf } from '../../openstack/barbican.ts';
import type { SettledUses } from '../manager.ts';

/** Of one look. */
const MOST = 400;
const AT_ONCE = 8;
const RETRY_SECONDS = 60;

export interface ConsumersDependencies {
  barbican: Barbican;
  database: Database;
  log: Log;
}

export class BarbicanConsumers {
  readonly #barbican: Barbican;
  readonly #database: Database;
  readonly #log: Log;

  constructor({ barbican, database, log }: ConsumersDependencies) {
    this.#barbican = barbican;
    this.#database = database;
    this.#log = log;
  }

  /** @throws OctaviaError OPENSTACK_UNAVAILABLE, and whatever else concerns all of them */
  async settle(): Promise<SettledUses> {
    const waiting = await uses.consumerChanges(this.#database, MOST);
    const settled = { added: 0, removed: 0, failed: 0, isMore: waiting.length === MOST };
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (!(await this.#change(next))) settled.failed += 1;
        else if (next.isWanted) settled.added += 1;
        else settled.removed += 1;
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    const broken = workers.find((worker) => worker.status === 'rejected');
    if (broken) throw broken.reason;
    return settled;
  }

  /** The consumers of a reference that nothing uses any longer. @throws OctaviaError */
  async unregister(ref: string): Promise<void> {
    for (const use of await uses.consumersOf(this.#database, ref)) await this.#change({ ...use, isWanted: false });
  }

  /** @returns false when Barbican refuses it, which is tried again later */
  async #change({ isWanted, ...use }: uses.ConsumerChange): Promise<boolean> {
    const object = objectOf(use.ref);
    if (object === null) return true;
    const consumer = { resourceType: use.resourceType, resourceId: use.resourceId };
    try {
      if (isWanted) {
        await uses.consumerBegun(this.#database, use, RETRY_SECONDS);
        await this.#barbican.addConsumer(object, consumer);
        await uses.consumerRegistered(this.#database, use);
      } else {
        await this.#barbican.removeConsumer(object, consumer);
        await uses.consumerGone(this.#database, use);
      }
      return true;
    } catch (error) {
      // A store that is away is away for all; a refusal concerns this one, as of a secret that is gone or not ours to read.
      if (!isOctaviaError(error) || !REFUSALS.has(error.code)) throw error;
      this.#log.debug({ err: error, ref: use.ref }, 'A consumer of a secret cannot be changed');
      await uses.consumerFailed(this.#database, use, RETRY_SECONDS);
      return false;
    }
  }
}

const REFUSALS = new Set([
  'OPENSTACK_NOT_FOUND',
  'OPENSTACK_UNAUTHORISED',
  'OPENSTACK_REFUSED',
  'OPENSTACK_CONFLICT',
  'OPENSTACK_QUOTA',
]);
