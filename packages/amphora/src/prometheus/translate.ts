/** HAProxy's exporter text in the product's words: names, labels and help; unknown metrics and inner proxies left out. */
import { METRIC_NAMES } from './names.ts';

/** Frontends and backends that serve the metrics themselves. */
const INNER = 'internal';

const HELP_WORDS: readonly [RegExp, string][] = [
  [/\bHAProxy\b/gi, 'the load balancer'],
  [/\bprocess\b/g, 'load balancer'],
  [/\bfrontend/gi, 'listener'],
  [/\bbackend/gi, 'pool'],
  [/\bserver/g, 'member'],
  [/\bServer/g, 'Member'],
];

function helpText(text: string): string {
  return HELP_WORDS.reduce((all, [word, replacement]) => all.replace(word, replacement), text);
}

/** `proxy` is the listener of a frontend, and the pool of everything else. */
function labels(theirs: string, text: string): string {
  const proxy = theirs.startsWith('haproxy_frontend_') ? 'listener' : 'pool';
  return text.replace(/\bproxy="/, `${proxy}="`).replace(/\bserver="/, 'member="');
}

function comment(line: string): string | null {
  const [, kind = '', theirs = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
  const ours = METRIC_NAMES.get(theirs);
  if (ours === undefined) return null;
  return `# ${kind} ${ours} ${kind === 'HELP' ? helpText(rest) : rest}`;
}

function sample(line: string): string | null {
  const [, theirs = '', braces = '', value = ''] = /^([a-z_0-9]+)(\{[^}]*\})? (\S+)$/.exec(line) ?? [];
  const ours = METRIC_NAMES.get(theirs);
  if (ours === undefined || /proxy="[^"]*/.exec(braces)?.[0].endsWith(INNER)) return null;
  return `${ours}${labels(theirs, braces)} ${value}`;
}

export function translate(text: string): string {
  const lines = text.split('\n').map((line) => (line.startsWith('#') ? comment(line) : sample(line)));
  return `${lines.filter((line) => line !== null).join('\n')}\n`;
}

export interface Utilisation {
  /** Fractions of one. */
  cpu: number;
  memory: number;
}

const percent = (fraction: number): string => (fraction * 100).toFixed(1);

export function utilisationText({ cpu, memory }: Utilisation): string {
  const gauge = (name: string, help: string, fraction: number): string =>
    `# HELP octavia_loadbalancer_${name} ${help}\n# TYPE octavia_loadbalancer_${name} gauge\noctavia_loadbalancer_${name} ${percent(fraction)}\n`;
  return (
    gauge('cpu', 'Load balancer CPU utilization (percentage).', cpu) +
    gauge('memory', 'Load balancer memory utilization (percentage).', memory)
  );
}
