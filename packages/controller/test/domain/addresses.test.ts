import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, canonicalCidr, cidrContains, isHost } from '../../src/domain/addresses.ts';
import { canonicalUuid } from '../../src/domain/uuid.ts';

describe('addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['::FFFF:C000:0201', '::ffff:192.0.2.1'],
    ['::ffff:0:5', '::ffff:0.0.0.5'],
    ['::c000:201', '::192.0.2.1'],
    ['::ffff:010.0.0.1', null],
    ['00000::1', null],
    ['192.0.2', null],
    ['192.0.2.01', null],
    ['0x7f.1', null],
    ['fe80::1%eth0', null],
    ['example.com', null],
    ['', null],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });
});

describe('IPv4 without the general parser', () => {
  const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom('00', '01', '', '-1', '0x7', ' 1', '255', '256'));
  const textual = fc.oneof(
    fc.ipV4(),
    fc.array(octet, { minLength: 1, maxLength: 5 }).map((octets) => octets.join('.')),
    fc.ipV4().map((address) => `${address}.`),
    fc.ipV4().map((address) => `${address}\n`),
  );

  it('knows the same addresses', () => {
    fc.assert(
      fc.property(textual, (text) => {
        expect(canonicalAddress(text)).toBe(ipaddr.IPv4.isValidFourPartDecimal(text) ? text : null);
      }),
    );
  });

  it.each([
    ['0.0.0.0', false],
    ['0.255.255.255', false],
    ['1.0.0.0', true],
    ['223.255.255.255', true],
    ['224.0.0.0', false],
    ['239.255.255.255', false],
    ['240.0.0.0', true],
    ['255.255.255.254', true],
    ['255.255.255.255', false],
    ['::', false],
    ['ff02::1', false],
    ['::ffff:224.0.0.1', false],
    ['2001:db8::1', true],
  ])('%s can be connected to: %s', (address, is) => {
    expect(isHost(address)).toBe(is);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.5/8', '10.0.0.0/8'],
    ['198.51.100/24', '198.51.100.0/24'],
    ['10/8', '10.0.0.0/8'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['2001:db8::5', '2001:db8::5/128'],
    ['2001:DB8::5/32', '2001:db8::/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['198.51.100', null],
    ['10.0.0.0/33', null],
    ['2001:db8::/129', null],
    ['10.0.0.0/8/8', null],
    ['10.0.0.0/', null],
    ['10.0.0.0/-1', null],
    ['300/8', null],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalCidr(text)).toBe(canonical);
  });

  it('are their own canonical form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32), (address, prefix) => {
        const network = canonicalCidr(`${address}/${prefix}`);
        expect(network).not.toBeNull();
        expect(canonicalCidr(network!)).toBe(network);
        expect(cidrContains(network!, canonicalAddress(address)!)).toBe(true);
      }),
    );
  });

  it('contain addresses of their own version only', () => {
    expect(cidrContains('192.0.2.0/24', '192.0.2.9')).toBe(true);
    expect(cidrContains('192.0.2.0/24', '192.0.3.9')).toBe(false);
    expect(cidrContains('::/0', '192.0.2.9')).toBe(false);
  });
});

describe('UUIDs', () => {
  const canonical = 'deadbeef-0000-4000-8000-00000000000a';
  it.each([
    canonical,
    canonical.toUpperCase(),
    canonical.replaceAll('-', ''),
    `{${canonical}}`,
    `urn:uuid:${canonical}`,
  ])('%s', (text) => {
    expect(canonicalUuid(text)).toBe(canonical);
  });
  it.each(['', 'deadbeef', `${canonical}0`, 'g'.repeat(32)])('%s is none', (text) => {
    expect(canonicalUuid(text)).toBeNull();
  });
});
