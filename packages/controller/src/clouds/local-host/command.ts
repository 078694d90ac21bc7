/** Runs short-lived system tools (`ip`, `nsenter`, `bwrap --version`) and says clearly what went wrong. */
import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Text for standard input. */
  input?: string;
  /** Milliseconds until the tool is killed. Default 10 000. */
  timeoutMs?: number;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
}

/** A tool failed, was not found or took too long. Internal: drivers translate it into the catalogue. */
export class CommandError extends Error {
  /** Exit status; null when it did not start, was killed or ran out of time. */
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(message: string, exitCode: number | null, stderr: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Where tools live when the caller's PATH is that of an ordinary user. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment for system tools: untranslated messages, system directories searched last. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ? `${process.env.PATH}:${SYSTEM_PATH}` : SYSTEM_PATH, LC_ALL: 'C' };
}

/** @throws CommandError unless the tool ends with status 0 in time */
export function runTool(command: readonly string[], options: CommandOptions = {}): Promise<CommandOutput> {
  const [file = '', ...args] = command;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const shown = command.join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: toolEnvironment() });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const reason = error.code === 'ENOENT' ? 'is not installed' : `did not start: ${error.message}`;
      reject(new CommandError(`${file} ${reason}`, null, ''));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) {
        resolve({ stdout, stderr });
        return;
      }
      const end = timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${code ?? signal}`;
      const words = stderr.trim() || options.input?.trim() || '';
      reject(new CommandError(`"${shown}" ${end}${words ? `: ${words}` : ''}`, code, stderr));
    });
    // A tool that ends before it has read everything breaks the pipe; its exit status tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
