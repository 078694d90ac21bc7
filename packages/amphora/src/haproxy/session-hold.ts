/**
 * A process that was just loaded accepts requests at once, while its predecessor is still telling it where clients belong:
 * each of them that asks in between would be sent somewhere else, for good. So requests of pools that keep sessions wait for
 * that in the new process, up to 100 ms; `session-handover.ts` says when. The lines are put into what HAProxy runs
 * with and not into what was uploaded: controllers need not know of it.
 */
import { join } from 'node:path';
import { readSections, SourceLine, textOf } from '@octavia/haproxy-config/reader';
import { type Argument, line, value } from '@octavia/haproxy-config/tree';
import type { Log } from '../log.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import type { RunCommand } from '../system/run.ts';
import { hasConditions, modesOf } from './config-text.ts';
import { keepsSessions } from './session-tables.ts';

/** Command on HAProxy's socket, and its answer. */
export const RELEASE = 'sessions release';
export const RELEASED = 'sessions released';

/**
 * Seconds from the start of a process until no request waits any more. Longer than `session-handover.ts` takes: this is for an
 * agent that died meanwhile.
 */
const LONGEST_HOLD = 9;
/**
 * How often (ms) a request looks whether it may pass, and how often at most. Of bytes HAProxy 2.6.12 may forget to look again, when something
 * arrives at the very end of a pause; the request then waits until the inspect delay is over. With pauses of 5 ms that happened
 * to 1 in 3,000 on a busy machine, with 50 ms to 1 in 30,000.
 */
const HTTP = { pauseMs: 5, looks: 1_600 };
const TCP = { pauseMs: 50, looks: 50 };
const INSPECT_DELAY_MS = TCP.pauseMs * TCP.looks + 500;

const LUA = `local released = false
local limit = core.now().sec + ${LONGEST_HOLD}

core.register_cli({ "sessions", "release" }, "${RELEASE}", function(applet)
  released = true
  applet:send("${RELEASED}\\n")
end)

core.register_action("wait_for_sessions", { "tcp-req", "http-req" }, function(txn, pause, looks)
  local pause_ms, left = tonumber(pause), tonumber(looks)
  while not released and left > 0 do
    core.msleep(pause_ms)
    left = left - 1
    released = released or core.now().sec >= limit
  end
  if released then txn:set_var("proc.sessions_released", true) end
end, 2)
`;

const ACTION = 'lua.wait_for_sessions';

/** Once released, nothing of Lua is called any more: the variable is looked up, and that is all. */
const wait = ({ pauseMs, looks }: typeof HTTP): Argument[] => [
  ...[ACTION, pauseMs, looks],
  ...['if', '!{', 'var(proc.sessions_released)', '-m', 'found', '}'],
];

/**
 * Puts the program there that holds requests back, when it is first needed.
 *
 * @returns gives its path; null when this HAProxy was built without Lua: then the first requests after a reload are not held
 *   back
 */
export function sessionHold(
  basePath: string,
  run: RunCommand,
  haproxy: string,
  log: Log,
): () => Promise<string | null> {
  let prepared: Promise<string | null> | undefined;
  const prepare = async (): Promise<string | null> => {
    const { stdout } = await run(haproxy, ['-vv']);
    if (!/\sUSE_LUA=1\b|\s\+LUA\b/.test(stdout)) {
      log.warn({}, 'This HAProxy has no Lua: requests during a reload may go to another member than their session');
      return null;
    }
    const path = join(basePath, 'sessions.lua');
    await writeFileAtomic(path, LUA, 0o644);
    return path;
  };
  return () => (prepared ??= prepare());
}

/** The inspect delay lets the action wait; where nothing waits it delays nothing. */
const rules = (http: boolean): SourceLine[] =>
  (http
    ? [line('http-request', ...wait(HTTP))]
    : [line('tcp-request', 'inspect-delay', `${INSPECT_DELAY_MS}ms`), line('tcp-request', 'content', ...wait(TCP))]
  ).map((rule) => SourceLine.of(rule));

/** @param hold what `sessionHold` gave */
export async function withSessionHold(text: string, hold: () => Promise<string | null>): Promise<string> {
  const sections = readSections(text);
  const global = sections.find(({ kind }) => kind === 'global');
  if (global === undefined || hasConditions(sections) || !sections.some(keepsSessions)) return text;
  const program = await hold();
  if (program === null) return text;
  const modeOf = modesOf(sections);
  global.lines.unshift(SourceLine.of(line('lua-load', value(program))));
  for (const section of sections) {
    if (section.kind !== 'backend' || !keepsSessions(section)) continue;
    section.lines.unshift(...rules(modeOf(section) === 'http'));
  }
  return textOf(sections);
}

/** Whether requests wait in a process that runs with this text. */
export const holdsRequests = (text: string): boolean =>
  readSections(text).some(({ lines }) =>
    lines.some((rule) => rule.source.includes(ACTION) && rule.words.includes(ACTION)),
  );
