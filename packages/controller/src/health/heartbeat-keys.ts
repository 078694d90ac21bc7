import { decodeHeartbeat, HeartbeatError, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import type { Clock } from './clock.ts';

/** After a change of the key amphorae get the new one one after the other; until then they sign with the old one. */
const OVERLAP_MS = 24 * 3600 * 1000;

export interface KeySettings {
  current: string;
  /** Accepted beside it for as long as it is configured. */
  previous: string | null;
}

/** The keys heartbeats may be signed with. */
export class HeartbeatKeys {
  readonly #clock: Clock;
  #settings: KeySettings;
  #retired: { key: string; until: number }[] = [];

  constructor(settings: KeySettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** @returns whether the key is another one now; the one before stays valid for a day */
  change(settings: KeySettings): boolean {
    const { current } = this.#settings;
    const changed = settings.current !== current;
    this.#settings = settings;
    if (!changed) return false;
    const rest = this.#retired.filter(({ key }) => key !== settings.current);
    this.#retired = [...rest, { key: current, until: this.#clock.monotonic() + OVERLAP_MS }].slice(-3);
    return true;
  }

  /** @throws HeartbeatError when no key fits or the message is damaged */
  read(datagram: Buffer): HeartbeatMessage {
    try {
      return decodeHeartbeat(datagram, this.#settings.current);
    } catch (error) {
      for (const key of this.#others()) {
        try {
          return decodeHeartbeat(datagram, key);
        } catch (other) {
          if (other instanceof HeartbeatError && other.reason !== 'bad-signature') throw other;
        }
      }
      throw error;
    }
  }

  #others(): string[] {
    const { previous } = this.#settings;
    if (this.#retired.length > 0) {
      const now = this.#clock.monotonic();
      this.#retired = this.#retired.filter(({ until }) => until > now);
    }
    const keys = this.#retired.map(({ key }) => key);
    return previous === null ? keys : [previous, ...keys];
  }
}
