/** The program that checks SCTP members, against a peer made of a raw socket: this kernel need not know SCTP. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCTP_CHECK } from '../src/lvs/sctp-check.ts';

const folder = mkdtempSync(join(tmpdir(), 'sctp-check-'));
const program = join(folder, 'sctp');
const peer = join(folder, 'peer');
const namespace = `oasctp${process.pid}`;
const inside = (...command: string[]): string[] => ['netns', 'exec', namespace, ...command];

/** Prints each packet that comes for port 9000 as hexadecimal; answers an INIT (1) with a chunk of the given type. */
const PEER = String.raw`
use strict; use warnings; use Socket qw(:all);
my ($type) = @ARGV;
$| = 1;
socket(my $raw, AF_INET, SOCK_RAW, 132) or die "$!\n";
print "ready\n";
while (my $from = recv $raw, my $data, 65535, 0) {
    $data = substr $data, 20;
    my ($source, $port, $tag, $sum, $chunk) = unpack 'nnNNC', $data;
    next unless $port == 9000;
    print unpack('H*', $data), "\n";
    next unless $chunk == 1 && $type;
    my $peer_tag = unpack 'N', substr $data, 16, 4;
    send $raw, pack('nnNNCCnN', 9000, $source, $peer_tag, 0, $type, 0, 20, 0xabcd1234) . "\0" x 12, 0, $from;
}
`;

/** RFC 9260 appendix A, bit by bit. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

beforeAll(() => {
  writeFileSync(program, SCTP_CHECK, { mode: 0o755 });
  writeFileSync(peer, PEER);
  spawnSync('ip', ['netns', 'add', namespace]);
  spawnSync('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
});
afterAll(() => {
  spawnSync('ip', ['netns', 'delete', namespace]);
  rmSync(folder, { recursive: true });
});

const INIT_ACK = 2;
const ABORT = 6;

/** Runs the check against a peer that answers so; 0 is silence. */
async function check(answer: number): Promise<{ status: number | null; packets: Buffer[] }> {
  const other = spawn('ip', inside('perl', peer, String(answer)), { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  other.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  try {
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('ready');
    const ended = spawn('ip', inside(program, '127.0.0.1', '9000', '1'), { stdio: 'ignore' });
    const status = await new Promise<number | null>((resolve) => ended.once('exit', resolve));
    const wanted = answer === INIT_ACK ? 2 : 1;
    await expect.poll(() => seen.trim().split('\n').length - 1, { timeout: 5_000 }).toBe(wanted);
    const lines = seen.trim().split('\n').slice(1);
    return { status, packets: lines.map((line) => Buffer.from(line, 'hex')) };
  } finally {
    other.kill('SIGKILL');
  }
}

test('a member that answers is up, and is told that nothing follows', async () => {
  const { status, packets } = await check(INIT_ACK);
  expect(status).toBe(0);
  for (const packet of packets) {
    const sum = packet.readUInt32LE(8);
    const blank = Buffer.from(packet);
    blank.fill(0, 8, 12);
    expect(sum).toBe(crc32c(blank));
  }
  const [init, abort] = packets as [Buffer, Buffer];
  expect([init.readUInt32BE(4), init.readUInt8(12), init.readUInt16BE(14)]).toEqual([0, 1, 20]);
  expect([abort.readUInt32BE(4), abort.readUInt8(12)]).toEqual([0xabcd1234, ABORT]);
});

test('one that refuses or is silent is down', async () => {
  expect((await check(ABORT)).status).toBe(1);
  expect((await check(0)).status).toBe(1);
});

test('what cannot be tried is told apart', () => {
  const run = (...args: string[]) => spawnSync('ip', inside(program, ...args), { encoding: 'utf8' });
  expect(run('nonsense', '9000', '1')).toMatchObject({ status: 2 });
  expect(run('127.0.0.1').stderr).toContain('Usage: sctp ADDRESS PORT SECONDS');
});
