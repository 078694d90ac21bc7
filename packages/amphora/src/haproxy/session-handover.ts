/** Sessions in stick tables live on when HAProxy is reloaded: the process of before hands them to the one that follows. */
import type { Log } from '../log.ts';
import { delay } from '../system/delay.ts';
import { Conversation } from './conversation.ts';
import { holdsRequests, RELEASE, RELEASED } from './session-hold.ts';
import { countEntries, hasAllOf, hasSharedTables, type PeersState, readPeers } from './session-tables.ts';
import { askSocket } from './socket.ts';

const ASK_LIMIT_MS = 3_000;
const POLL_MS = 10;
/**
 * A process that was started, or whose predecessor told it nothing, waits 5 s for the other amphorae, after 5 s for the
 * predecessor. Replaced before, it would take everything it knows into its grave.
 */
const SETTLE_LIMIT_MS = 11_000;
/** From the moment the new process serves: 200 sessions take 30 to 100 ms on a busy machine. */
const LESSON_LIMIT_MS = 6_000;
const RELEASE_LIMIT_MS = 1_000;

export class SessionHandover {
  readonly #id: string;
  readonly #socket: string;
  readonly #log: Log;
  /** The process that is being replaced, while there is something to learn from it. */
  #former: Conversation | null = null;

  /** @param socket HAProxy's own, on which the process answers that serves */
  constructor(id: string, socket: string, log: Log) {
    this.#id = id;
    this.#socket = socket;
    this.#log = log;
  }

  /**
   * Before a reload: waits until the process can tell its successor what it knows, and keeps it from ending before that.
   *
   * @param running what it runs with
   */
  async prepare(running: string): Promise<void> {
    this.dismiss();
    if (!hasSharedTables(running)) return;
    try {
      const former = await Conversation.open(this.#socket, ASK_LIMIT_MS);
      this.#former = former;
      if ([...(await entriesOf(former)).values()].every((used) => used === 0)) return this.dismiss();
      const settled = async () => readPeers(await former.ask('show peers', ASK_LIMIT_MS))?.settled !== false;
      if (await within(SETTLE_LIMIT_MS, settled)) return;
      this.#log.warn({ id: this.#id }, 'Reloading although the sessions cannot be kept');
    } catch (error) {
      this.#log.warn({ id: this.#id, err: error }, 'The sessions may be lost');
    }
    this.dismiss();
  }

  /**
   * After a start or reload: lets requests pass as soon as the new process knows the sessions.
   *
   * @param running what it runs with
   * @param workers numbers of the processes that serve now
   */
  async complete(running: string, workers: readonly number[]): Promise<void> {
    if (!hasSharedTables(running)) return;
    if (this.#former !== null) await this.#inherit(this.#former, workers);
    if (!holdsRequests(running)) return;
    const released = async () => (await this.#ask(RELEASE, workers))?.includes(RELEASED) === true;
    if (!(await within(RELEASE_LIMIT_MS, released)))
      this.#log.warn({ id: this.#id }, 'Requests wait longer than needed');
  }

  /** Lets the former process go, whatever came of the reload. */
  dismiss(): void {
    this.#former?.close();
    this.#former = null;
  }

  /** Null without a section `peers`, or when HAProxy does not answer. */
  async peers(): Promise<PeersState | null> {
    return readPeers(await askSocket(this.#socket, 'show peers', ASK_LIMIT_MS).catch(() => ''));
  }

  /**
   * The end of the lesson is not enough: what requests touch in the former process during the lesson comes after it. So the
   * tables are compared.
   */
  async #inherit(former: Conversation, workers: readonly number[]): Promise<void> {
    const began = Date.now();
    const inherited = await within(LESSON_LIMIT_MS, async () => {
      const answer = await this.#ask('show peers;show table', workers);
      if (answer === null || readPeers(answer)?.inherited !== true) return false;
      const all = await entriesOf(former).catch(() => new Map<string, number>());
      return hasAllOf(all, countEntries(answer));
    });
    const took = Date.now() - began;
    if (inherited) this.#log.debug({ id: this.#id, ms: took }, 'The sessions were handed over');
    else this.#log.warn({ id: this.#id, ms: took }, 'Sessions are lost: not all were handed over in time');
  }

  /** Null when it was not one of these processes that answered: the one of before may accept a last question. */
  async #ask(command: string, workers: readonly number[]): Promise<string | null> {
    const answer = await askSocket(this.#socket, `show info;${command}`, ASK_LIMIT_MS).catch(() => '');
    const pid = /^Pid: (\d+)$/m.exec(answer)?.[1];
    return pid !== undefined && workers.includes(Number(pid)) ? answer : null;
  }
}

const entriesOf = async (process: Conversation): Promise<Map<string, number>> =>
  countEntries(await process.ask('show table', ASK_LIMIT_MS));

async function within(limitMs: number, done: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    if (await done()) return true;
    if (Date.now() >= deadline) return false;
    await delay(POLL_MS);
  }
}
