import { spawn } from 'node:child_process';

/* Tells systemd how the service is, when it started us with Type=notify. Elsewhere nothing happens. */

/** Node has no datagram sockets of the unix kind; systemd brings this program along. */
const PROGRAM = 'systemd-notify';

type Notify = (...words: string[]) => void;

function notifyWith(env: NodeJS.ProcessEnv): Notify {
  return (...words) => {
    const child = spawn(PROGRAM, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', (error) => process.stderr.write(`${PROGRAM}: ${error.message}\n`));
    child.unref();
  };
}

export class Systemd {
  readonly #notify: Notify | null;
  readonly #watchdogMs: number;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(env: NodeJS.ProcessEnv = process.env, notify: Notify = notifyWith(env)) {
    this.#notify = env.NOTIFY_SOCKET ? notify : null;
    const ours = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
    this.#watchdogMs = ours ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0;
  }

  /** The service answers. From now on the watchdog hears from us three times in its interval, as long as we are awake. */
  ready(): void {
    this.#notify?.('--ready', '--status=running');
    if (this.#notify === null || !(this.#watchdogMs > 0)) return;
    this.#watchdog = setInterval(() => this.#notify?.('WATCHDOG=1'), this.#watchdogMs / 3);
    this.#watchdog.unref();
  }

  stopping(): void {
    if (this.#watchdog) clearInterval(this.#watchdog);
    this.#notify?.('STOPPING=1', '--status=ending what is under way');
  }
}

export interface Stoppable {
  stop(): Promise<void>;
  /** Reads the configuration again. */
  reload?(): void;
}

/** One Ctrl-C at a terminal reaches us several times: from the terminal, from npm and from its script. */
const SAME_PRESS_MS = 1_000;
const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
/** What is cut off after the graceful time gets this long to be handed over. */
const HAND_OVER_SECONDS = 5;

/**
 * Resolves with the first signal that asks this process to end. From the call on none of them ends it by itself.
 * @param hangUp whether SIGHUP is one of them: a terminal that is closed sends it. Otherwise it asks for a reload.
 */
export function firstSignal(hangUp: boolean): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let pressedAt: number | null = null;
    const seen = (signal: NodeJS.Signals): void => {
      pressedAt ??= Date.now();
      // A second Ctrl-C of an impatient person.
      if (signal === 'SIGINT' && Date.now() - pressedAt > SAME_PRESS_MS) process.exit(130);
      resolve(signal);
    };
    for (const name of hangUp ? [...SIGNALS, 'SIGHUP' as const] : SIGNALS) process.on(name, seen);
  });
}

export const atTerminal = (): boolean => Boolean(process.stdin.isTTY || process.stdout.isTTY);

/** SIGHUP before the service runs is answered as soon as it does, and never ends the process. */
export class HangUp {
  #service: Stoppable | null = null;
  #wanted = false;

  listen(): this {
    process.on('SIGHUP', () => {
      if (this.#service) this.#service.reload?.();
      else this.#wanted = true;
    });
    return this;
  }

  serve(service: Stoppable): void {
    this.#service = service;
    if (this.#wanted) service.reload?.();
  }
}

export interface ForegroundOptions {
  /** Asked when the stop begins, for it may have been reloaded. 0 = no limit. */
  stopTimeoutSeconds(): number;
  signal?: Promise<NodeJS.Signals>;
  /** Null when SIGHUP ends the process. */
  hangUp?: HangUp | null;
}

/** Starts the service, waits for the signal, then stops it gracefully; after the time limit the process ends anyway. */
export async function runInForeground(start: () => Promise<Stoppable>, options: ForegroundOptions): Promise<void> {
  const { hangUp = new HangUp().listen() } = options;
  const systemd = new Systemd();
  const service = await start();
  // Whoever hears that it is ready, or that it was reloaded, may end it at once.
  const signal = options.signal ?? firstSignal(hangUp === null);
  hangUp?.serve(service);
  systemd.ready();
  await signal;
  systemd.stopping();
  const seconds = options.stopTimeoutSeconds();
  if (seconds > 0) {
    setTimeout(
      () => {
        process.stderr.write(`Not stopped after ${seconds} s; ending anyway. Others take over what was under way.\n`);
        process.exit(1);
      },
      (seconds + HAND_OVER_SECONDS) * 1000,
    ).unref();
  }
  await service.stop();
  // Signal handlers keep nothing alive, but a library's forgotten timer may.
  process.exit(0);
}
