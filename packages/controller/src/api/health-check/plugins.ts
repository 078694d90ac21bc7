/** The checks behind `/healthcheck`: each says whether this process should get requests. */
import { existsSync } from 'node:fs';
import type { Config } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';
import type { Store } from '../../store/core/database.ts';

export interface CheckResult {
  available: boolean;
  reason: string;
  /** What the detailed formats add; holds texts of the database and the like. */
  details: string;
  /** How the detailed formats call the kind of result. */
  kind: string;
}

/** @param port the client reached */
export type Check = (port: number) => Promise<CheckResult>;

type Settings = Config['healthcheck'];

const DATABASE_KIND = 'OctaviaDBCheckResult';
const FILE_KIND = 'HealthcheckResult';

function databaseCheck(store: Store): Check {
  return async () => {
    try {
      await store.db.query({ text: 'SELECT 1;', values: [] });
      return { available: true, reason: 'OK', details: '', kind: DATABASE_KIND };
    } catch (error) {
      // PostgreSQL's own words, where it had any.
      const { cause, message } = error as Error;
      const details = cause instanceof Error ? cause.message : message;
      return { available: false, reason: 'The Octavia database is unavailable.', details, kind: DATABASE_KIND };
    }
  };
}

function fileCheck(path: (port: number) => string | null): Check {
  return async (port) => {
    const file = path(port);
    const disabled = file !== null && existsSync(file);
    return { available: !disabled, reason: disabled ? 'DISABLED BY FILE' : 'OK', details: '', kind: FILE_KIND };
  };
}

function filesByPort(pairs: readonly string[]): ReadonlyMap<number, string> {
  return new Map(
    pairs.map((pair) => {
      const [, port, path] = /^(\d{1,5}):(.+)$/.exec(pair.trim()) ?? [];
      if (port === undefined || path === undefined) {
        throw refused('disable_by_file_paths', pair, 'must be port:path, such as 9876:/etc/octavia/disabled');
      }
      return [Number(port), path];
    }),
  );
}

function refused(option: string, value: string, reason: string): OctaviaError {
  return new OctaviaError('BAD_OPTION', { file: 'configuration', section: 'healthcheck', option, value, reason });
}

/**
 * The checks of `[healthcheck] backends`, in that order.
 * @throws OctaviaError BAD_OPTION
 */
export function configuredChecks(settings: Settings, store: Store, warn: (text: string) => void): Check[] {
  const makers: Record<string, () => Check> = {
    octavia_db_check: () => databaseCheck(store),
    disable_by_file: () => {
      const path = settings.disable_by_file_path;
      if (path === null)
        warn('[healthcheck] disable_by_file is on and disable_by_file_path is not set: always available');
      return fileCheck(() => path);
    },
    disable_by_files_ports: () => {
      const paths = filesByPort(settings.disable_by_file_paths);
      if (paths.size === 0) {
        warn('[healthcheck] disable_by_files_ports is on and disable_by_file_paths is not set: always available');
      }
      return fileCheck((port) => paths.get(port) ?? null);
    },
  };
  return settings.backends.map((name) => {
    const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
    if (!make) throw refused('backends', name, `must be one of ${Object.keys(makers).join(', ')}`);
    return make();
  });
}

/** Results are kept for a while, so that many balancers that ask do not become load. A check that throws has failed. */
export class CachedChecks {
  readonly #checks: readonly Check[];
  readonly #milliseconds: number;
  readonly #now: () => Date;
  readonly #known = new Map<number, { results: Promise<CheckResult[]>; until: number }>();

  constructor(checks: readonly Check[], seconds: number, now: () => Date) {
    this.#checks = checks;
    this.#milliseconds = seconds * 1000;
    this.#now = now;
  }

  results(port: number): Promise<CheckResult[]> {
    const time = this.#now().getTime();
    const known = this.#known.get(port);
    if (known && time < known.until) return known.results;
    const results = Promise.all(this.#checks.map((check) => check(port).catch(failed)));
    this.#known.set(port, { results, until: time + this.#milliseconds });
    return results;
  }
}

function failed(error: unknown): CheckResult {
  return { available: false, reason: 'The check failed.', details: String(error), kind: FILE_KIND };
}
