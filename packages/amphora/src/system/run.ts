/** Runs a short command to its end, with a time limit and bounded output. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; null when a signal or the time limit ended the command, or it could not start. */
  code: number | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  /** Written to standard input. */
  input?: string;
  cwd?: string;
  timeoutMs?: number;
}

export type RunCommand = (command: string, args: string[], options?: RunOptions) => Promise<CommandResult>;

export class CommandError extends Error {
  readonly result: CommandResult;

  constructor(command: string, args: string[], result: CommandResult) {
    super(`${command} ${args.join(' ')}: ${outputOf(result) || `exit code ${result.code}`}`);
    this.name = 'CommandError';
    this.result = result;
  }
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** What an operator should read of a failed command. */
export function outputOf(result: CommandResult): string {
  return `${result.stderr}${result.stdout}`.trim();
}

/** Never rejects: a command that cannot start is a result with code null and the reason on `stderr`. */
export const runCommand: RunCommand = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const collected = { stdout: '', stderr: '' };
    let failure = '';
    const timer = setTimeout(() => {
      failure = `time limit of ${options.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms passed\n`;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (chunk: string) => {
        if (collected[name].length < MAX_OUTPUT_BYTES) collected[name] += chunk;
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, stdout: '', stderr: error.message });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: collected.stdout, stderr: failure + collected.stderr });
    });
    // A command that ends without reading its input must not end the agent with EPIPE.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
