import { folderPaths } from './folders.ts';
import { findPostmaster } from './process.ts';
import { type StartOptions, startPostgres } from './start.ts';

const LOOK_EVERY_MS = 1_000;

/** Starts the embedded PostgreSQL again whenever it dies. @returns a function that ends the watching */
export function supervisePostgres(options: StartOptions): () => void {
  const { data } = folderPaths(options.stateDir);
  let starting = false;
  const timer = setInterval(async () => {
    if (starting || findPostmaster(data)) return;
    starting = true;
    try {
      options.log('PostgreSQL has died; starting it again');
      await startPostgres(options);
    } catch (error) {
      options.log(error instanceof Error ? error.message : String(error));
    } finally {
      starting = false;
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
