/** Carries out planned changes on HAProxy's socket. Source: HAProxy 2.6 management guide, 9.3. */
import { delay } from '../system/delay.ts';
import { fixedPart, type ServerChange, weightOf } from './runtime-plan.ts';
import { askSocket } from './socket.ts';

/** HAProxy refused a command, or its socket is gone. What was done before stays done: a reload brings all of it. */
export class RuntimeChangeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuntimeChangeError';
  }
}

/** HAProxy reads at most one buffer (16 kB) of commands at a time. */
const MOST_COMMAND_BYTES = 8_000;
const TIMEOUT_MS = 5_000;
/** A server that still has connections keeps them, out of service, and goes when they have ended or with the next reload. */
const DELETE_ATTEMPTS = 3;
const DELETE_PAUSE_MS = 50;

/**
 * HAProxy's own defaults, but 2.6 takes zero for both when a server is added while it runs: no idle connection would be kept,
 * and each request would open one of its own.
 */
const KEEPS_CONNECTIONS = 'pool-purge-delay 5s pool-max-conn -1';

/** Removed servers that still had connections, out of service: what their line said, by `backend/server`. */
export type Leftovers = Map<string, string[]>;

const place = ({ backend, server }: ServerChange): string => `${backend}/${server}`;

/** Commands that answer with an empty line, or with one of these words. */
const FINE = [/^$/, /^New server registered\.$/, /^Server deleted\.$/];

/** A member that comes back before its last connection has ended. */
function bringBack(where: string, words: readonly string[], former: readonly string[]): string[] {
  const weight = weightOf({ words: [...words] });
  if (fixedPart({ words: [...words] }) !== fixedPart({ words: [...former] }) || weight === null) {
    throw new RuntimeChangeError(`${where} still has connections of before, and is now another`);
  }
  const enabled = words.at(-1) !== 'disabled';
  return [`set server ${where} weight ${weight}`, ...(enabled ? [`set server ${where} state ready`] : [])];
}

function commandsOf(change: ServerChange, leftovers: Leftovers): string[] {
  const where = place(change);
  switch (change.kind) {
    case 'add': {
      const former = leftovers.get(where);
      if (former !== undefined) return bringBack(where, change.words, former);
      const enabled = change.words.at(-1) !== 'disabled';
      const words = change.words.filter((word) => word !== 'disabled');
      return [
        `add server ${where} ${words.join(' ')} ${KEEPS_CONNECTIONS}`,
        ...(words.includes('check') ? [`enable health ${where}`] : []),
        ...(enabled ? [`set server ${where} state ready`] : []),
      ];
    }
    case 'remove':
      return [`set server ${where} state maint`];
    case 'weight':
      return [`set server ${where} weight ${change.weight}`];
    case 'state':
      if (change.enabled) return [`set server ${where} state ready`];
      // Whoever takes a member out of service this way wants it idle; draining is by weight.
      return [`set server ${where} state maint`, `shutdown sessions server ${where}`];
  }
}

/** Joined commands as long as they fit; each answers with its words and a blank line. */
function batches(commands: readonly string[]): string[][] {
  const all: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const command of commands) {
    size += command.length + 1;
    if (size > MOST_COMMAND_BYTES) {
      all.push([]);
      size = command.length;
    }
    all.at(-1)?.push(command);
  }
  return all;
}

async function ask(socket: string, commands: readonly string[]): Promise<string[]> {
  return (await askSocket(socket, commands.join(';'), TIMEOUT_MS)).split('\n').map((line) => line.trim());
}

/** Deletes what can be deleted now; returns the others. */
async function deleteServers(socket: string, places: readonly string[], attempts: number): Promise<string[]> {
  let left = [...places];
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt += 1) {
    if (attempt > 0) await delay(DELETE_PAUSE_MS);
    const still: string[] = [];
    for (const batch of batches(left.map((where) => `del server ${where}`))) {
      const deleted = (await ask(socket, batch)).filter((line) => line === 'Server deleted.').length;
      if (deleted < batch.length) still.push(...batch.map((command) => command.slice('del server '.length)));
    }
    left = still.length > 0 ? await existing(socket, still) : [];
  }
  return left;
}

/** Which of the places HAProxy still knows. */
async function existing(socket: string, places: readonly string[]): Promise<string[]> {
  const known = new Set<string>();
  for (const line of await ask(socket, ['show servers state'])) {
    const [, backend, , server] = line.split(' ');
    known.add(`${backend}/${server}`);
  }
  return places.filter((where) => known.has(where));
}

/**
 * @param leftovers of earlier changes of the same process; kept up to date
 * @returns places (`backend/server`) of servers removed now that still have connections: they take no new ones
 * @throws RuntimeChangeError
 */
export async function applyRuntimeChange(
  socket: string,
  changes: readonly ServerChange[],
  leftovers: Leftovers = new Map(),
): Promise<string[]> {
  try {
    await deleteLeftovers(socket, leftovers);
    for (const batch of batches(changes.flatMap((change) => commandsOf(change, leftovers)))) {
      const refusal = (await ask(socket, batch)).find((line) => !FINE.some((fine) => fine.test(line)));
      if (refusal !== undefined) throw new RuntimeChangeError(refusal);
    }
    for (const change of changes) if (change.kind === 'add') leftovers.delete(place(change));
    const removed = new Map(
      changes.flatMap((change) => (change.kind === 'remove' ? [[place(change), change.words] as const] : [])),
    );
    const busy = await deleteServers(socket, [...removed.keys()], DELETE_ATTEMPTS);
    for (const where of busy) leftovers.set(where, removed.get(where) ?? []);
    return busy;
  } catch (error) {
    if (error instanceof RuntimeChangeError) throw error;
    throw new RuntimeChangeError(error instanceof Error ? error.message : String(error));
  }
}

async function deleteLeftovers(socket: string, leftovers: Leftovers): Promise<void> {
  const still = new Set(await deleteServers(socket, [...leftovers.keys()], 1));
  for (const where of leftovers.keys()) if (!still.has(where)) leftovers.delete(where);
}
