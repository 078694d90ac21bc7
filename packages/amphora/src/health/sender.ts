/** Sends heartbeats: one each interval, and one at once when a status changed. */

import { encodeHeartbeat, HEARTBEAT_VERSION, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import type { MutableSettings } from '../config/settings.ts';
import { type Log, messageOf } from '../log.ts';
import type { Counters } from './counters.ts';
import type { Reading, Totals } from './statistics.ts';
import type { DatagramSender } from './targets.ts';

export interface HealthSenderOptions {
  amphoraId: string;
  /** Asked each time: options may change at run time. */
  settings: () => MutableSettings;
  /** One reading of each HAProxy that runs and answers, and of each UDP or SCTP listener. */
  collect: () => Promise<Reading[]>;
  /** Listeners of all stored configurations. */
  knownListeners: () => Promise<Set<string>>;
  counters: Counters;
  sender: DatagramSender;
  log: Log;
  /** Monotonic milliseconds. */
  now: () => number;
}

const LOOK_INTERVAL_MS = 1_000;
/** UDP over IPv4 carries at most this. */
const MAX_DATAGRAM_BYTES = 65_507;

export class HealthSender {
  readonly #options: HealthSenderOptions;
  #nextBeat = 0;
  #lastSent = '';
  #seenMissing = false;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: HealthSenderOptions) {
    this.#options = options;
  }

  start(): void {
    const look = async (): Promise<void> => {
      await this.look().catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'No heartbeat could be made; trying again'),
      );
      if (!this.#stopped) this.#timer = setTimeout(look, LOOK_INTERVAL_MS);
    };
    void look();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Receiver, key or interval may be others now: the next beat comes at once. */
  settingsChanged(): void {
    this.#nextBeat = 0;
  }

  /** One look at all listeners; sends when a beat is due or a status changed. */
  async look(): Promise<void> {
    const readings = await this.#options.collect();
    // At each look, not only for a message: what was removed and made anew since would be missed.
    for (const reading of readings) this.#options.counters.absorb(reading);
    const now = this.#options.now();
    if (now < this.#nextBeat && !this.#changed(readings)) return;
    this.#nextBeat = now + this.#options.settings().heartbeatInterval * 1_000;
    this.#lastSent = statusesOf(readings);
    await this.#send(readings);
  }

  /**
   * A listener that is missing in one single look (reload under way, one slow answer) is no change yet: reporting it would
   * flap the status of everything below.
   */
  #changed(readings: Reading[]): boolean {
    const statuses = statusesOf(readings);
    if (statuses === this.#lastSent) {
      this.#seenMissing = false;
      return false;
    }
    if (listenerCount(statuses) < listenerCount(this.#lastSent) && !this.#seenMissing) {
      this.#seenMissing = true;
      return false;
    }
    this.#seenMissing = false;
    return true;
  }

  async #send(readings: Reading[]): Promise<void> {
    const { counters, log, settings } = this.#options;
    const { heartbeatKey, controllerIpPortList } = settings();
    if (heartbeatKey === null || controllerIpPortList.length === 0) {
      await counters.save();
      return log.debug({}, 'No heartbeat: heartbeat_key or controller_ip_port_list is not set');
    }
    const taken = new Map<string, Totals>();
    const message = this.#message(readings, taken);
    const known = await this.#options.knownListeners().catch((error: unknown) => {
      log.warn({ err: error }, 'Counters of removed listeners are kept');
      return null;
    });
    if (known !== null) counters.retain(known);
    // Saved first: an agent that dies right here loses one message, it never counts the same traffic twice.
    await counters.save();
    const error = await this.#deliver(encodeHeartbeat(message, heartbeatKey));
    if (error === null) return log.debug({ seq: message.seq }, 'Heartbeat sent');
    log.warn({ seq: message.seq, err: error }, 'Heartbeat not sent');
    for (const [id, totals] of taken) counters.giveBack(id, totals);
    await counters.save();
    // Not sent is not reported: a changed status is tried again at the next look, with the next controller.
    this.#lastSent = '';
  }

  async #deliver(datagram: Buffer): Promise<string | null> {
    if (datagram.length > MAX_DATAGRAM_BYTES) return `${datagram.length} bytes do not fit into one datagram`;
    try {
      await this.#options.sender.send(datagram, this.#options.settings().controllerIpPortList);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  #message(readings: Reading[], taken: Map<string, Totals>): HeartbeatMessage {
    const message: HeartbeatMessage = {
      id: this.#options.amphoraId,
      seq: this.#options.counters.nextSequence(),
      ver: HEARTBEAT_VERSION,
      listeners: {},
      pools: {},
    };
    for (const { listeners, pools } of readings) {
      for (const [id, { status, stats }] of Object.entries(listeners)) {
        const totals = this.#options.counters.take(id);
        taken.set(id, totals);
        message.listeners[id] = { status, stats: { ...totals, conns: stats.conns } };
      }
      Object.assign(message.pools, pools);
    }
    return message;
  }
}

/** Everything in a message but its numbers and what checks said, as comparable text. */
function statusesOf(readings: Reading[]): string {
  const listeners = readings.flatMap((r) => Object.entries(r.listeners).map(([id, l]) => [id, l.status]));
  return JSON.stringify([
    listeners,
    readings.map(({ pools }) => Object.entries(pools).map(([key, { status, members }]) => [key, status, members])),
  ]);
}

function listenerCount(statuses: string): number {
  return statuses === '' ? 0 : (JSON.parse(statuses) as [unknown[]])[0].length;
}
