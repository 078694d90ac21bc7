import type { Log } from '@octavia/protocol/log';
import { OctaviaError } from '../errors.ts';
import { type GuardedProvider, guard } from './guarded-provider.ts';
import type { Provider } from './interface.ts';

/** Enabled providers by name; several names may lead to the same provider (`octavia` is an old name of `amphora`). */
export class ProviderRegistry {
  readonly #enabled: ReadonlyMap<string, string>;
  readonly #providers: ReadonlyMap<string, GuardedProvider>;
  readonly defaultName: string;

  /** @param enabled name → description, as in [api_settings] enabled_provider_drivers */
  constructor(
    providers: Record<string, Provider>,
    enabled: Record<string, string>,
    defaultName: string,
    log?: Pick<Log, 'info' | 'error'>,
  ) {
    this.#providers = new Map(Object.entries(providers).map(([name, provider]) => [name, guard(provider, log)]));
    this.#enabled = new Map(Object.entries(enabled));
    this.defaultName = defaultName;
  }

  /** @throws OctaviaError PROVIDER_NOT_ENABLED (400), PROVIDER_NOT_FOUND (501) */
  get(name: string): GuardedProvider {
    if (!this.#enabled.has(name)) throw new OctaviaError('PROVIDER_NOT_ENABLED', { provider: name });
    const provider = this.#providers.get(name);
    if (!provider?.isLoaded()) throw new OctaviaError('PROVIDER_NOT_FOUND', { provider: name });
    return provider;
  }

  /** Those that can be used, sorted by name. */
  list(): { name: string; description: string }[] {
    return [...this.#enabled]
      .filter(([name]) => this.#providers.get(name)?.isLoaded())
      .map(([name, description]) => ({ name, description }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
