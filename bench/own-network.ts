/** Runs a benchmark where all ports are free, whatever else runs on the host. */
import { spawn } from 'node:child_process';

const INSIDE = 'OCTAVIA_BENCH_INSIDE';
const fail = (error: unknown): void =>
  void process.stderr.write(`Bench failed: ${error instanceof Error ? error.message : String(error)}\n`);

/** Starts the same program again in a network namespace of its own, which goes with the process. */
function enter(file: string): void {
  const self = [process.execPath, ...process.execArgv, file, ...process.argv.slice(2)];
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn(
    'unshare',
    [...user, '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...self],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('error', fail);
  child.once('exit', (code) => process.exit(code ?? 1));
}

/**
 * @param file the program, which calls this
 * @param before done first, in the network of the host
 */
export async function inOwnNetwork(
  file: string,
  work: () => Promise<void>,
  before: () => Promise<void> = async () => undefined,
): Promise<void> {
  try {
    if (process.env[INSIDE] !== undefined) return await work();
    await before();
    enter(file);
  } catch (error) {
    fail(error);
    process.exitCode = 1;
  }
}

/** As `inOwnNetwork`, in that of whoever starts it. */
export async function inThisNetwork(
  _file: string,
  work: () => Promise<void>,
  before: () => Promise<void>,
): Promise<void> {
  try {
    await before();
    await work();
  } catch (error) {
    fail(error);
    process.exitCode = 1;
  }
}
