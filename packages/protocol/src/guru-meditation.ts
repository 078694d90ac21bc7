/**
 * The report of a process about itself, for support: sections in a form that readers of OpenStack's reports know (oslo.reports). Written
 * on SIGUSR2, or when a file is touched; the process goes on.
 */
import { readdirSync, readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReportSection {
  title: string;
  /** Asked when a report is made. */
  body(): string;
}

/** Where reports go, and what asks for them besides the signal. */
export interface ReportSettings {
  /** Folder of files; null: standard error. */
  directory: string | null;
  /** A file whose change asks for a report. */
  watched: string | null;
  watchSeconds: number;
}

export interface ReportOptions {
  /** e.g. `octavia-api` */
  service: string;
  version: string;
  settings: ReportSettings;
  /** Sections behind the common ones, in this order. */
  sections: readonly ReportSection[];
  write?(text: string): void;
  now?(): Date;
}

const WIDTH = 72;
const EDGE = '====';
const THREAD_EDGE = '------';

function centred(text: string, width: number): string {
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return `${' '.repeat(left)}${text}`.padEnd(width);
}

const rule = '='.repeat(WIDTH);
const banner = (title: string): string => `${rule}\n${EDGE}${centred(title, WIDTH - 2 * EDGE.length)}${EDGE}\n${rule}`;
const threadBanner = (title: string): string =>
  `${THREAD_EDGE}${centred(title, WIDTH - 2 * THREAD_EDGE.length)}${THREAD_EDGE}`;

/** `key = value`, sorted. */
export const keyValues = (values: Readonly<Record<string, string>>): string =>
  Object.keys(values)
    .sort()
    .map((key) => `${key} = ${values[key]}`)
    .join('\n');

const listed = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** `at name (file:1:2)`, or without a name; of the program alone. */
const FRAME = /^ *at (?:(.+?) \()?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/;

function stackOf(stack: string | undefined): string {
  const lines = (stack ?? '').split('\n').flatMap((line) => {
    const [, name = '<anonymous>', file = '', number = '0'] = FRAME.exec(line) ?? [];
    if (file === '') return [];
    const source = file.startsWith('node:') ? undefined : read(file).split('\n')[Number(number) - 1]?.trim();
    return [`${file}:${number} in ${name}`, `    ${source ? `\`${source}\`` : '(source not found)'}`];
  });
  return lines.length > 0 ? lines.join('\n') : 'No Traceback!';
}

/** The one that runs JavaScript shows what it does; others have nothing that could be shown. */
function threads(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack } = new Error('report');
  Error.stackTraceLimit = stackTraceLimit;
  const ids = listed('/proc/self/task');
  return (ids.length > 0 ? ids : [String(process.pid)])
    .map((id) => {
      const own = Number(id) === process.pid;
      const name = read(`/proc/self/task/${id}/comm`).trim();
      return `${threadBanner(`Thread #${id}${name === '' ? '' : ` (${name})`}`)}\n${own ? stackOf(stack) : 'No Traceback!'}`;
    })
    .join('\n');
}

/** What waits in the event loop, as kinds and numbers: there are no green threads. */
function waiting(): string {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return keyValues(Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, String(count)])));
}

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk-sleep',
  Z: 'zombie',
  T: 'stopped',
  t: 'tracing-stop',
  I: 'idle',
};

interface Known {
  parent: number;
  line: string;
}

/** This process and what it started, nested. */
function processes(): string {
  const users = new Map(
    read('/etc/passwd')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid = '']) => [uid, name]),
  );
  const known = new Map<number, Known>();
  for (const pid of listed('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = read(`/proc/${pid}/status`);
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '?';
    const uid = field('Uid');
    const line = `Process ${pid} (under ${field('PPid')}) [ run by: ${users.get(uid) ?? '?'} (${uid}), state: ${STATES[field('State')] ?? '?'} ]`;
    known.set(Number(pid), { parent: Number(field('PPid')), line });
  }
  const nested = (pid: number, depth: number): string[] => [
    `${'    '.repeat(depth)}${known.get(pid)?.line ?? `Process ${pid}`}`,
    ...[...known].filter(([, { parent }]) => parent === pid).flatMap(([child]) => nested(child, depth + 1)),
  ];
  return nested(process.pid, 0).join('\n');
}

/** @returns the text, whose sections have the order of OpenStack's reports */
export function report({
  service,
  version,
  sections,
}: Pick<ReportOptions, 'service' | 'version' | 'sections'>): string {
  const common: ReportSection[] = [
    { title: 'Package', body: () => keyValues({ product: service, vendor: 'Octavia in TypeScript', version }) },
    { title: 'Threads', body: threads },
    { title: 'Green Threads', body: waiting },
    { title: 'Processes', body: processes },
  ];
  const parts = [...common, ...sections].map(({ title, body }) => `${banner(title)}\n${body()}\n`);
  return `${banner('Guru Meditation')}\n${parts.join('\n')}`;
}

const stamp = (now: Date): string => now.toISOString().replace(/\D/g, '').slice(0, 14);

/** Makes one report now. A part that fails ends the report, never the process. */
export function writeReport(options: ReportOptions): void {
  const { service, settings, write = (text) => void process.stderr.write(text), now = () => new Date() } = options;
  let text: string;
  try {
    text = report(options);
  } catch (error) {
    write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    write('Unable to run Guru Meditation Report!\n');
    return;
  }
  if (settings.directory === null) {
    write(text);
    return;
  }
  const file = join(settings.directory, `${service}_gurumeditation_${stamp(now())}`);
  try {
    // It names hosts, users and options.
    writeFileSync(file, text, { mode: 0o640 });
  } catch (error) {
    write(`Unable to write to ${file}: ${(error as Error).message}\n`);
  }
}

/** From now on the process reports when it is asked to. @returns ends that */
export function reportWhenAsked(options: ReportOptions): () => void {
  const make = () => writeReport(options);
  process.on('SIGUSR2', make);
  const { watched, watchSeconds } = options.settings;
  const changed = (now: { mtimeMs: number }, before: { mtimeMs: number }) => {
    if (now.mtimeMs !== before.mtimeMs && now.mtimeMs > 0) make();
  };
  if (watched !== null) watchFile(watched, { interval: watchSeconds * 1000, persistent: false }, changed);
  return () => {
    process.off('SIGUSR2', make);
    if (watched !== null) unwatchFile(watched, changed);
  };
}
