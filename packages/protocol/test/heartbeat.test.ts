/** The heartbeat codec: recorded datagrams, round trips, and everything that must be refused. */
import { createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { decodeHeartbeat, encodeHeartbeat, HeartbeatError, type HeartbeatMessage } from '@octavia/protocol/heartbeat';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const KEY = 'secret';
const STATS = { tx: 5, rx: 4, conns: 1, totconns: 3, ereq: 0 };
const MESSAGE: HeartbeatMessage = {
  id: 'amphora',
  seq: 7,
  ver: 3,
  listeners: { l1: { status: 'OPEN', stats: STATS } },
  pools: { 'p1:l1': { status: 'UP', members: { m1: 'no check' } } },
};

/** MESSAGE under KEY, made with Python's zlib and hmac: the hexadecimal and the old binary signature. */
const COMPRESSED =
  'eJxljrEOwjAMRH+l8sxABAipOyt04QNCsNSKJA6Ji5Cq/Dt2qk5Mfndx7rzA9IS+AxvSSNnCroOCb3HOQh/MQgchPxXGiLmIXsCbNgpbntWB23C5tq/irCv8lXESKyscBRzFqG9GmIk3qemYW+W+1ioqEfk1JJn+r+o+aFHA8NiuCboCkTo3onuBhNQfnJg+C';
const RECORDED = {
  hexadecimal: 'jc5NzY2ODdlNDYzYzI0YjExMjZhZmExMWJlNGQ2MWRjMjFiMzYyYTQ2ZGRhMTk3N2I0OGY1NmUxMzZlNTgyY2E=',
  binary: 'nl2aH5GPCSxEmr6Eb5NYdwhs2KkbdoZd7SPVuE25YLK',
};

function sign(body: Buffer, key = KEY): Buffer {
  return Buffer.concat([body, Buffer.from(createHmac('sha256', key).update(body).digest('hex'))]);
}
const pack = (value: unknown): Buffer => sign(deflateSync(JSON.stringify(value)));

function reasonOf(datagram: Buffer): string {
  try {
    decodeHeartbeat(datagram, KEY);
    return 'accepted';
  } catch (error) {
    return error instanceof HeartbeatError ? error.reason : `unexpected: ${error}`;
  }
}

describe('versions and signature forms', () => {
  test.each(Object.entries(RECORDED))('a recorded datagram with a %s signature', (_, rest) => {
    expect(decodeHeartbeat(Buffer.from(COMPRESSED + rest, 'base64'), KEY)).toEqual(MESSAGE);
  });

  test('version 1: pools nested in their listeners, no sequence', () => {
    const pools = { p1: { status: 'UP', members: { m1: 'UP' } } };
    const datagram = pack({ id: 'a', listeners: { l1: { status: 'OPEN', stats: STATS, pools } } });
    expect(decodeHeartbeat(datagram, KEY)).toEqual({
      id: 'a',
      seq: 0,
      ver: 1,
      listeners: { l1: { status: 'OPEN', stats: STATS } },
      pools: { 'p1:l1': { status: 'UP', members: { m1: 'UP' } } },
    });
  });

  test('version 2 keeps its number: its statistics are totals', () => {
    expect(decodeHeartbeat(pack({ ...MESSAGE, ver: 2 }), KEY)).toEqual({ ...MESSAGE, ver: 2 });
  });
});

describe('what is refused', () => {
  const huge = sign(deflateSync(Buffer.alloc(8 * 1024 * 1024, 0x20)));
  const cases: [reason: string, datagram: Buffer][] = [
    ['too-short', Buffer.alloc(0)],
    ['too-short', Buffer.alloc(32)],
    ['bad-signature', Buffer.alloc(33)],
    ['bad-signature', sign(deflateSync('{}'), 'another key')],
    ['bad-compression', sign(Buffer.from('not compressed'))],
    ['too-large', huge],
    ['bad-json', sign(deflateSync('{"id":'))],
    ['bad-shape', pack([])],
    ['bad-shape', pack({ ...MESSAGE, id: 5 })],
    ['bad-shape', pack({ ...MESSAGE, listeners: { l1: { status: 'OPEN', stats: { ...STATS, tx: -1 } } } })],
    ['bad-shape', pack({ ...MESSAGE, listeners: { l1: { status: 'OPEN', stats: { ...STATS, rx: 1.5 } } } })],
    ['bad-shape', pack({ ...MESSAGE, pools: { p: { status: 'UP', members: { m: 1 } } } })],
    ['unknown-version', pack({ ...MESSAGE, ver: 4 })],
  ];
  test.each(cases)('%s', (reason, datagram) => {
    expect(reasonOf(datagram)).toBe(reason);
  });

  test('no single changed byte gets through', () => {
    const datagram = encodeHeartbeat(MESSAGE, KEY);
    fc.assert(
      fc.property(fc.nat(datagram.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const changed = Buffer.from(datagram);
        changed[index] = (changed[index] ?? 0) ^ change;
        return reasonOf(changed) === 'bad-signature';
      }),
    );
  });

  test('arbitrary bytes and arbitrary signed JSON never throw anything but HeartbeatError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !reasonOf(Buffer.from(bytes)).includes(':')));
    fc.assert(fc.property(fc.json(), (json) => !reasonOf(sign(deflateSync(json))).includes(':')));
  });
});

test('every message survives the wire, whatever its names', () => {
  const count = fc.maxSafeNat();
  const stats = fc.record({ tx: count, rx: count, conns: count, totconns: count, ereq: count });
  const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString'));
  const dictionary = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
    fc.array(fc.tuple(name, value), { maxLength: 8 }).map((entries) => Object.fromEntries(entries));
  const message: fc.Arbitrary<HeartbeatMessage> = fc.record({
    id: fc.string(),
    seq: count,
    ver: fc.constantFrom(2, 3),
    listeners: dictionary(fc.record({ status: fc.string(), stats })),
    pools: dictionary(fc.record({ status: fc.string(), members: dictionary(fc.string()) })),
  });
  fc.assert(
    fc.property(message, fc.string({ minLength: 1 }), (original, key) => {
      expect(decodeHeartbeat(encodeHeartbeat(original, key), key)).toEqual(original);
    }),
  );
});
