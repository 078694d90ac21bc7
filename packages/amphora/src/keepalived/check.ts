/** keepalived's own check of a configuration. */
import type { TrafficNamespace } from '../network/namespace.ts';
import { outputOf, type RunCommand } from '../system/run.ts';
import { KEEPALIVED_PARTS, type KeepalivedPart } from './process.ts';

const LIMIT_MS = 10_000;

/**
 * Said of a pool without members and of one whose members are all drained. keepalived runs with both: no traffic, which is
 * what they ask for.
 */
const HARMLESS = [
  /^Warning - quorum \d+ for .* exceeds total weight of real servers 0, reducing quorum to 0$/,
  /^Virtual server .*: hysteresis \d+ >= quorum 0; setting hysteresis to \d+$/,
  /^Virtual server .* has no real servers - ignoring$/,
];

/** Said of what controllers of OpenStack write: keepalived runs with it, without the host routes of the VIP's subnet. */
const OF_OPENSTACK = [
  /^SECURITY VIOLATION - scripts are being executed but script_security not enabled\.$/,
  /^\(\w+\) Warning - nopreempt will not work with initial state MASTER - clearing$/,
  /^\(\S+: Line \d+\) VRRP parsed invalid IP gateway\. skipping IP\.\.\.$/,
  /^\(\S+: Line \d+\) unknown route keyword gateway$/,
];

/** The statuses of a check that found something, also in how scripts are called; a program that is missing or crashed has others. */
const FOUND = [5, 6];

/** Null when keepalived can use the file, else its words. */
export async function configurationProblem(
  { run, keepalivedCmd, namespace }: { run: RunCommand; keepalivedCmd: string; namespace: TrafficNamespace },
  part: KeepalivedPart,
  file: string,
): Promise<string | null> {
  const command = [keepalivedCmd, KEEPALIVED_PARTS[part][0], '--config-test', '--use-file', file];
  const result = await run('ip', ['netns', 'exec', namespace.name, ...command], { timeoutMs: LIMIT_MS });
  if (result.code === 0) return null;
  const words = outputOf(result);
  const serious = words
    .split('\n')
    .filter((line) => ![...HARMLESS, ...OF_OPENSTACK].some((pattern) => pattern.test(line.trim())));
  if (FOUND.includes(result.code ?? 0) && words !== '' && serious.length === 0) return null;
  return serious.join('\n') || `keepalived ended with code ${result.code}`;
}
