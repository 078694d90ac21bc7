/**
 * The first record of a TLS handshake as today's clients send it: TLS 1.3 with TLS 1.2 as the alternative. HAProxy's own
 * `ssl-hello-chk` still says SSLv3, which current servers refuse. Random and key share may be the same for ever: no
 * handshake is ever finished. Format: RFC 8446, 4.1.2.
 */

const u16 = (number: number): Buffer => Buffer.from([number >> 8, number & 0xff]);
const list16 = (numbers: readonly number[]): Buffer => sized16(Buffer.concat(numbers.map(u16)));
const sized8 = (content: Buffer): Buffer => Buffer.concat([Buffer.from([content.length]), content]);
const sized16 = (content: Buffer): Buffer => Buffer.concat([u16(content.length), content]);
const extension = (type: number, content: Buffer): Buffer => Buffer.concat([u16(type), sized16(content)]);

const TLS_1_0 = 0x0301;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const X25519 = 0x001d;

/** Those of TLS 1.3, then ECDHE, DHE and plain RSA with AES or ChaCha20. */
const CIPHERS = [
  ...[0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
  ...[0x009e, 0x009f, 0xccaa, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0x00ff],
];
/** x25519, P-256, P-384, P-521, ffdhe2048. */
const GROUPS = [X25519, 0x0017, 0x0018, 0x0019, 0x0100];
/** ECDSA, Ed25519, RSA-PSS and RSA with SHA-2. */
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];

const FILLER = Buffer.alloc(32, 0x42);

/** RFC 6066, 3 */
const serverName = (name: string): Buffer =>
  extension(0x0000, sized16(Buffer.concat([Buffer.from([0]), sized16(Buffer.from(name))])));

function extensions(name: string | null): Buffer {
  return Buffer.concat([
    ...(name === null ? [] : [serverName(name)]),
    extension(0x000a, list16(GROUPS)),
    extension(0x000b, sized8(Buffer.from([0]))),
    extension(0x000d, list16(SIGNATURES)),
    extension(0x0017, Buffer.alloc(0)),
    extension(0x002b, sized8(Buffer.concat([u16(TLS_1_3), u16(TLS_1_2)]))),
    extension(0x002d, sized8(Buffer.from([1]))),
    extension(0x0033, sized16(Buffer.concat([u16(X25519), sized16(FILLER)]))),
  ]);
}

/** @param name the host that is asked for; hexadecimal, upper case */
export function clientHello(name: string | null): string {
  const body = Buffer.concat([
    u16(TLS_1_2),
    FILLER,
    sized8(FILLER),
    list16(CIPHERS),
    sized8(Buffer.from([0])),
    sized16(extensions(name)),
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  const record = Buffer.concat([Buffer.from([0x16]), u16(TLS_1_0), sized16(handshake)]);
  return record.toString('hex').toUpperCase();
}

/** A handshake record: the server agreed and said hello. An alert (15) is a refusal. */
export const SERVER_HELLO = '^16';
