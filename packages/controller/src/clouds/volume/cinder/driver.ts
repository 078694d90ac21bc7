import { type ErrorCode, isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { Cinder, CinderVolume } from '../../openstack/cinder.ts';
import type { VolumeDriver, VolumeRequest } from '../interface.ts';

export interface CinderSettings {
  /** Gigabytes. */
  size: number;
  /** null: the default of the service. */
  type: string | null;
  /** Where the availability zone names none; null: the service chooses. */
  zone: string | null;
  /** Milliseconds between two looks at a volume. */
  intervalMs: number;
  /** Milliseconds until it must be there. */
  timeoutMs: number;
  attempts: number;
}

interface Clock {
  /** Milliseconds, of any beginning. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Small images are there at once: looks begin this close to each other and become rarer. */
const FIRST_LOOK_MS = 500;
const DELETE_ATTEMPTS = 5;

const ON_THE_WAY: ReadonlySet<string> = new Set(['creating', 'downloading']);
const GOING: ReadonlySet<string> = new Set(['deleting']);
const isBroken = ({ status }: CinderVolume): boolean => status.startsWith('error');
/** `in-use`, `attaching`, `reserved`: by the instance of that name, which an earlier try has made. */
const isReady = (volume: CinderVolume): boolean =>
  !ON_THE_WAY.has(volume.status) && !GOING.has(volume.status) && !isBroken(volume);

/** Causes that another try may not meet. */
const PASSING: readonly ErrorCode[] = ['OPENSTACK_UNAVAILABLE', 'OPENSTACK_CONFLICT', 'COMPUTE_BUILD_FAILED'];

/** `[controller_worker] volume_driver = volume_cinder_driver`: amphorae boot from volumes of Cinder. */
export class CinderVolumeDriver implements VolumeDriver {
  readonly name = 'volume_cinder_driver';
  readonly #cinder: Cinder;
  readonly #settings: CinderSettings;
  readonly #clock: Clock;

  constructor(cinder: Cinder, settings: CinderSettings, clock: Clock) {
    this.#cinder = cinder;
    this.#settings = settings;
    this.#clock = clock;
  }

  async createFromImage(request: VolumeRequest): Promise<string> {
    const { attempts, intervalMs } = this.#settings;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#create(request);
      } catch (error) {
        if (attempt >= attempts || !PASSING.some((code) => isOctaviaError(error, code))) throw error;
      }
      await this.#clock.sleep(intervalMs);
    }
  }

  async imageOf(volumeId: string): Promise<string | null> {
    const volume = await this.#cinder.show(volumeId).catch(gone);
    return volume?.imageId ?? null;
  }

  async delete(name: string): Promise<void> {
    for (const volume of await this.#cinder.named(name)) await this.#remove(volume);
  }

  /** Whether Cinder answers the service user. @throws OctaviaError OPENSTACK_… */
  async reach(): Promise<void> {
    await this.#cinder.named('amphora');
  }

  /** What a former try has made is taken, or taken away: its answer may have been lost, its worker may have died. */
  async #create({ name, imageId, zone }: VolumeRequest): Promise<string> {
    const former = (await this.#cinder.named(name)).filter(({ status }) => !GOING.has(status));
    for (const volume of former) if (isBroken(volume)) await this.#remove(volume);
    const usable = former.filter((volume) => !isBroken(volume));
    const { size, type, zone: usual } = this.#settings;
    const volume =
      usable.find(isReady) ??
      usable[0] ??
      (await this.#cinder.create({ name, imageId, size, type, zone: zone ?? usual }));
    return this.#whenReady(name, volume);
  }

  /** @throws OctaviaError COMPUTE_BUILD_FAILED */
  async #whenReady(name: string, made: CinderVolume): Promise<string> {
    const { intervalMs, timeoutMs } = this.#settings;
    const { now, sleep } = this.#clock;
    const began = now();
    let volume: CinderVolume | null = made;
    for (let pause = FIRST_LOOK_MS; ; pause *= 2) {
      if (volume !== null && isReady(volume)) return volume.id;
      const tooLate = now() - began >= timeoutMs;
      if (volume === null || !ON_THE_WAY.has(volume.status) || tooLate) {
        // What cannot be removed now goes with the amphora, by its name.
        if (volume !== null) await this.#remove(volume).catch(() => undefined);
        const why = tooLate ? `is not there after ${timeoutMs / 1000} s` : `became ${volume?.status ?? 'lost'}`;
        throw new OctaviaError('COMPUTE_BUILD_FAILED', { name, detail: `its volume ${why}` });
      }
      await sleep(Math.min(pause, intervalMs));
      volume = await this.#cinder.show(volume.id).catch(gone);
    }
  }

  /** Cinder refuses while an instance still lets go of it. */
  async #remove({ id, status }: CinderVolume): Promise<void> {
    if (GOING.has(status)) return;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#cinder.delete(id);
        return;
      } catch (error) {
        if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return;
        const maySoon = isOctaviaError(error, 'OPENSTACK_REFUSED') || isOctaviaError(error, 'OPENSTACK_CONFLICT');
        if (!maySoon || attempt >= DELETE_ATTEMPTS) throw error;
      }
      await this.#clock.sleep(this.#settings.intervalMs);
      if ((await this.#cinder.show(id).catch(gone)) === null) return;
    }
  }
}

function gone(error: unknown): null {
  if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return null;
  throw error;
}
