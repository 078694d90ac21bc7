/**
 * RC2 in CBC mode, reading only. OpenSSL before version 3 put certificates into PKCS#12 with it, and OpenSSL 3 no longer
 * reads it by itself. It protects nothing here: bundles come without a passphrase. RFC 2268.
 */

// biome-ignore format: the table of the RFC, 16 a line
const TABLE = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89d' + 'c67e37832b76538e624c6488448bfba2' +
  '179a59f587b34f1361456d8d09817d32' + 'bd8f40eb86b77b0bf09521225c6b4e82' +
  '54d66593ce60b21c7356c014a78cf1dc' + '1275ca1f3bbee4d1423dd430a33cb626' +
  '6fbf0eda4669075727f21d9bbc944303' + 'f811c7f690ef3ee706c3d52fc8661ed7' +
  '08e8eade8052eef784aa72ac354d6a2a' + '961ad2715a1549744b9fd05e0418a4ec' +
  'c2e0416e0f51cbcc2491af50a1f47039' + '997c3a8523b8b47afc02365b25559731' +
  '2d5dfa98e38a92ae05df2910676cbac9' + 'd300e6cfe19ea82c6316013f58e289a9' +
  '0d38341bab33ffb0bb480c5fb9b1cd2e' + 'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

const ROTATIONS = [1, 2, 3, 5] as const;
const BLOCK = 8;

/** 64 words of 16 bits. */
function expand(key: Buffer): number[] {
  const bytes = Buffer.alloc(128);
  key.copy(bytes);
  const size = key.length;
  for (let i = size; i < 128; i++) bytes[i] = TABLE[(bytes[i - 1]! + bytes[i - size]!) & 0xff]!;
  const last = 128 - size;
  // All bits of the key count, so nothing is masked.
  bytes[last] = TABLE[bytes[last]!]!;
  for (let i = last - 1; i >= 0; i--) bytes[i] = TABLE[bytes[i + 1]! ^ bytes[i + size]!]!;
  return Array.from({ length: 64 }, (_, i) => bytes.readUInt16LE(i * 2));
}

function decryptBlock(block: Buffer, key: readonly number[]): Buffer {
  const r = [0, 2, 4, 6].map((at) => block.readUInt16LE(at));
  const before = (i: number, back: number): number => r[(i + 4 - back) % 4]!;
  let next = 63;
  const mix = (): void => {
    for (let i = 3; i >= 0; i--) {
      const turn = ROTATIONS[i]!;
      const turned = ((r[i]! >>> turn) | (r[i]! << (16 - turn))) & 0xffff;
      const taken = key[next]! + (before(i, 1) & before(i, 2)) + (~before(i, 1) & before(i, 3));
      r[i] = (turned - taken) & 0xffff;
      next--;
    }
  };
  const mash = (): void => {
    for (let i = 3; i >= 0; i--) r[i] = (r[i]! - key[before(i, 1) & 63]!) & 0xffff;
  };
  const rounds = [5, 6, 5];
  rounds.forEach((count, index) => {
    for (let n = 0; n < count; n++) mix();
    if (index < rounds.length - 1) mash();
  });
  const out = Buffer.alloc(BLOCK);
  r.forEach((word, i) => {
    out.writeUInt16LE(word, i * 2);
  });
  return out;
}

/** The plain text without padding; null when the padding is none, which a wrong key shows as. */
export function decryptRc2Cbc(encrypted: Buffer, key: Buffer, iv: Buffer): Buffer | null {
  if (encrypted.length === 0 || encrypted.length % BLOCK !== 0) return null;
  const words = expand(key);
  const plain = Buffer.alloc(encrypted.length);
  for (let at = 0; at < encrypted.length; at += BLOCK) {
    const previous = at === 0 ? iv : encrypted.subarray(at - BLOCK, at);
    decryptBlock(encrypted.subarray(at, at + BLOCK), words).forEach((byte, i) => {
      plain[at + i] = byte ^ previous[i]!;
    });
  }
  const padding = plain.at(-1)!;
  if (padding < 1 || padding > BLOCK) return null;
  return plain.subarray(0, -padding);
}
