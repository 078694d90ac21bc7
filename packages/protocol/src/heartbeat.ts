/**
 * The heartbeat: what an amphora's agent sends to the health manager in one UDP datagram.
 *
 * On the wire: zlib-compressed UTF-8 JSON, followed by the HMAC-SHA256 of the compressed bytes under the shared
 * `[health_manager] heartbeat_key`, written as 64 hexadecimal characters. Old agents append the 32 raw bytes instead.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';

export interface HeartbeatStats {
  /** Bytes sent to clients. */
  tx: number;
  /** Bytes received from clients. */
  rx: number;
  /** Connections open now (never a delta). */
  conns: number;
  totconns: number;
  /** Requests refused as malformed. */
  ereq: number;
}

export interface HeartbeatListener {
  /** `OPEN`, `FULL`, or another word of the engine. */
  status: string;
  stats: HeartbeatStats;
}

export interface HeartbeatPool {
  /** `UP`, `DOWN`, or another word of the engine. */
  status: string;
  /** Member id → `UP`, `DOWN`, `DRAIN`, `MAINT`, `no check`, or another word of the engine. */
  members: Record<string, string>;
  /** Member id → what the last check said, of members that are down. Ours alone; other controllers pass over it. */
  checks?: Record<string, string>;
}

export interface HeartbeatMessage {
  /** The amphora. */
  id: string;
  /**
   * Rises with every message. Of this agent also over restarts, beginning with the clock's milliseconds; others begin with
   * zero. 0 when the sender has none.
   */
  seq: number;
  /** 1 and 2: statistics are totals since HAProxy started; 3: differences to the message before. */
  ver: number;
  listeners: Record<string, HeartbeatListener>;
  /** Key: `<pool id>:<listener id>`. */
  pools: Record<string, HeartbeatPool>;
}

export type HeartbeatErrorReason =
  | 'too-short'
  | 'bad-signature'
  | 'bad-compression'
  | 'too-large'
  | 'bad-json'
  | 'bad-shape'
  | 'unknown-version';

export class HeartbeatError extends Error {
  readonly reason: HeartbeatErrorReason;

  constructor(reason: HeartbeatErrorReason, detail?: string) {
    super(detail === undefined ? `heartbeat rejected: ${reason}` : `heartbeat rejected: ${reason} (${detail})`);
    this.name = 'HeartbeatError';
    this.reason = reason;
  }
}

/** Version this agent sends: statistics are deltas. */
export const HEARTBEAT_VERSION = 3;

const HEX_DIGEST_BYTES = 64;
const BINARY_DIGEST_BYTES = 32;
/** 3,000 members (what fits in one datagram) inflate to about 250 kB; zlib could blow 64 kB up to 64 MB. */
const MAX_INFLATED_BYTES = 4 * 1024 * 1024;
/** A usual message inflates into one piece of this size; the default would throw 16 kB away for each. */
const CHUNK_BYTES = 4 * 1024;

function digest(compressed: Uint8Array, key: string): Buffer {
  return createHmac('sha256', key).update(compressed).digest();
}

export function encodeHeartbeat(message: HeartbeatMessage, key: string): Buffer {
  const compressed = deflateSync(Buffer.from(JSON.stringify(message), 'utf8'));
  return Buffer.concat([compressed, Buffer.from(digest(compressed, key).toString('hex'), 'latin1')]);
}

/** Returns the compressed bytes when one of the two digest forms matches. Compares in constant time. */
function authenticate(datagram: Buffer, key: string): Buffer {
  if (datagram.length <= BINARY_DIGEST_BYTES) throw new HeartbeatError('too-short', `${datagram.length} bytes`);
  if (datagram.length > HEX_DIGEST_BYTES) {
    const compressed = datagram.subarray(0, -HEX_DIGEST_BYTES);
    const expected = Buffer.from(digest(compressed, key).toString('hex'), 'latin1');
    if (timingSafeEqual(expected, datagram.subarray(-HEX_DIGEST_BYTES))) return compressed;
  }
  const compressed = datagram.subarray(0, -BINARY_DIGEST_BYTES);
  if (timingSafeEqual(digest(compressed, key), datagram.subarray(-BINARY_DIGEST_BYTES))) return compressed;
  throw new HeartbeatError('bad-signature');
}

function inflate(compressed: Buffer): string {
  try {
    return inflateSync(compressed, { maxOutputLength: MAX_INFLATED_BYTES, chunkSize: CHUNK_BYTES }).toString('utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HeartbeatError(code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'bad-compression');
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HeartbeatError('bad-shape', what);
  return value as Record<string, unknown>;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new HeartbeatError('bad-shape', what);
  return value;
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new HeartbeatError('bad-shape', what);
  return value;
}

/**
 * Checks every value and hands the object on as it was parsed: a health manager reads thousands of messages a second, and
 * copying their maps would cost it more than the signature does. `JSON.parse` makes own properties, so a key such as
 * `__proto__` stays harmless data.
 */
function everyValue<T>(source: Record<string, unknown>, check: (value: unknown) => T): Record<string, T> {
  for (const key of Object.keys(source)) check(source[key]);
  return source as Record<string, T>;
}

const COUNTS = ['tx', 'rx', 'conns', 'totconns', 'ereq'] as const;

function parseListener(value: unknown): HeartbeatListener {
  const listener = record(value, 'listener');
  text(listener.status, 'listener status');
  const stats = record(listener.stats, 'stats');
  for (const name of COUNTS) count(stats[name], name);
  return value as HeartbeatListener;
}

const memberStatus = (value: unknown): string => text(value, 'member status');

function parsePool(value: unknown): HeartbeatPool {
  const pool = record(value, 'pool');
  text(pool.status, 'pool status');
  pool.members ??= {};
  everyValue(record(pool.members, 'members'), memberStatus);
  if (pool.checks !== undefined) everyValue(record(pool.checks, 'checks'), memberStatus);
  return value as HeartbeatPool;
}

function withoutPools(listeners: Record<string, unknown>): Record<string, HeartbeatListener> {
  const entries = Object.entries(everyValue(listeners, parseListener));
  return Object.fromEntries(entries.map(([id, { status, stats }]) => [id, { status, stats }]));
}

/** Version 1 nests the pools in their listeners; the key gets the listener's id as in later versions. */
function nestedPools(listeners: Record<string, unknown>): Record<string, HeartbeatPool> {
  const entries: [string, HeartbeatPool][] = [];
  for (const [listenerId, listener] of Object.entries(listeners)) {
    const pools = record(record(listener, 'listener').pools ?? {}, 'pools');
    for (const [key, pool] of Object.entries(pools)) {
      entries.push([key.includes(':') ? key : `${key}:${listenerId}`, parsePool(pool)]);
    }
  }
  return Object.fromEntries(entries);
}

/**
 * Checks the signature, then reads versions 1, 2 and 3.
 *
 * @throws HeartbeatError with a `reason`; nothing of an unsigned datagram is inflated or parsed
 */
export function decodeHeartbeat(datagram: Buffer, key: string): HeartbeatMessage {
  const json = inflate(authenticate(datagram, key));
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new HeartbeatError('bad-json');
  }
  const message = record(parsed, 'message');
  const ver = message.ver === undefined ? 1 : count(message.ver, 'ver');
  if (ver < 1 || ver > HEARTBEAT_VERSION) throw new HeartbeatError('unknown-version', String(ver));
  const listeners = record(message.listeners ?? {}, 'listeners');
  return {
    id: text(message.id, 'id'),
    seq: message.seq === undefined ? 0 : count(message.seq, 'seq'),
    ver,
    listeners: ver === 1 ? withoutPools(listeners) : everyValue(listeners, parseListener),
    pools: ver === 1 ? nestedPools(listeners) : everyValue(record(message.pools ?? {}, 'pools'), parsePool),
  };
}
