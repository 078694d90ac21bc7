/** A driver that lives in another process, whatever it is written in. */
import { DriverError, ProviderDriver } from '@octavia/provider-lib';
import { ARGUMENTS, type Method } from '@octavia/provider-lib/driver-protocol';
import { type Channel, DeadlinePassed } from './channel.ts';

/** Where a driver lives, and how it is there. */
export interface DriverHome {
  /** false: it cannot be made, so that there is no such provider for the time being */
  isLoaded(): boolean;
  /** Waits while it is made, but not while nobody tries to. @throws DriverError */
  channel(timeoutMs: number): Promise<Channel>;
  /** A call was left behind after its deadline. */
  stalled(channel: Channel): void;
  close(): Promise<void>;
}

export class BridgeDriver extends ProviderDriver {
  readonly #home: DriverHome;
  readonly #timeoutMs: number;

  /** @param timeoutMs of a call, with the wait for a driver that is being made */
  constructor(home: DriverHome, timeoutMs: number) {
    super();
    this.#home = home;
    this.#timeoutMs = timeoutMs;
    for (const method of Object.keys(ARGUMENTS) as Method[]) {
      Object.assign(this, { [method]: (...given: unknown[]) => this.#call(method, given) });
    }
  }

  isLoaded(): boolean {
    return this.#home.isLoaded();
  }

  async #call(method: Method, given: readonly unknown[]): Promise<unknown> {
    const since = performance.now();
    const channel = await this.#home.channel(this.#timeoutMs);
    try {
      return await channel.call(method, given, Math.max(1, this.#timeoutMs - (performance.now() - since)));
    } catch (error) {
      if (!(error instanceof DeadlinePassed)) throw error;
      this.#home.stalled(channel);
      throw tooLate(this.#timeoutMs);
    }
  }

  close(): Promise<void> {
    return this.#home.close();
  }
}

export const tooLate = (timeoutMs: number): DriverError =>
  new DriverError({ user_fault_string: `The driver did not answer within ${timeoutMs / 1000} seconds.` });
