import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseBlock,
  conflictsWith,
  formatIpv4,
  parseCidr,
  parseIpv4,
} from '../../src/clouds/local-host/address-block.ts';

describe('IPv4 text', () => {
  it('survives the way there and back', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => formatIpv4(parseIpv4(text) ?? -1) === text));
  });

  it.each(['', '1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d', '::1'])('is not "%s"', (text) => {
    expect(parseIpv4(text)).toBeNull();
  });

  it.each([
    ['198.18.5.7/22', '198.18.4.0', '198.18.7.255', 22],
    ['192.0.2.9', '192.0.2.9', '192.0.2.9', 32],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', 0],
  ])('%s is a range', (text, first, last, prefix) => {
    const range = parseCidr(text);
    expect(range && [formatIpv4(range.first), formatIpv4(range.last), range.prefix]).toEqual([first, last, prefix]);
  });

  it.each(['198.18.0.0/33', '198.18.0.0/', '198.18.0.0/8/8', 'default'])('"%s" is no range', (text) => {
    expect(parseCidr(text)).toBeNull();
  });
});

describe('the block of an instance', () => {
  const range = '198.18.0.0/15';

  it('is derived from the tag', () => {
    expect(chooseBlock(range, '000000', [])).toBe('198.18.0.0/20');
    expect(chooseBlock(range, '00001f', [])).toBe('198.19.240.0/20');
    expect(chooseBlock(range, '000020', [])).toBe('198.18.0.0/20');
  });

  it('is the next free one, beginning again at the start of the range', () => {
    expect(chooseBlock(range, '000000', ['198.18.1.0/24', '198.18.31.255'])).toBe('198.18.32.0/20');
    expect(chooseBlock(range, '00001f', ['198.19.240.0/20'])).toBe('198.18.0.0/20');
  });

  it('is not kept from us by routes that cover everything', () => {
    expect(chooseBlock(range, '000000', ['0.0.0.0/0', '128.0.0.0/1'])).toBe('198.18.0.0/20');
  });

  it('never overlaps what is occupied, and lies in the range', () => {
    const slot = fc.integer({ min: 0, max: 31 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), fc.uniqueArray(slot, { maxLength: 31 }), (tag, slots) => {
        const occupied = slots.map((taken) => `${formatIpv4((parseIpv4('198.18.0.0') ?? 0) + taken * 4096)}/24`);
        const block = chooseBlock(range, tag.toString(16).padStart(6, '0'), occupied);
        return conflictsWith(block, occupied).length === 0 && conflictsWith(block, [range]).length === 1;
      }),
    );
  });

  it('cannot be had when the range is full, too small or unreadable', () => {
    expect(() => chooseBlock(range, '000000', ['198.18.0.0/15'])).toThrow(
      /Every \/20 of 198.18.0.0\/15 is in use.*198/,
    );
    expect(() => chooseBlock('198.18.0.0/21', '000000', [])).toThrow('at least /20');
    expect(() => chooseBlock('everything', '000000', [])).toThrow('[local_cloud] subnet_range = everything');
  });
});
