import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, entry, line, value } from '../../../src/dataplane/keepalived/config.ts';
import { writeKeepalived } from '../../../src/dataplane/keepalived/writer.ts';

const password = (text: string): string =>
  writeKeepalived({ blocks: [block('authentication', [line('auth_pass', value(text))])] });

describe('the writer', () => {
  it('indents blocks in blocks and separates those at the top', () => {
    const inner = block('track_script', [entry('check')]);
    const config = {
      blocks: [block('vrrp_instance', [line('priority', 100), inner], 'a-1'), block('global_defs', [])],
    };
    expect(writeKeepalived(config)).toBe(
      'vrrp_instance a-1 {\n    priority 100\n    track_script {\n        check\n    }\n}\n\nglobal_defs {\n}\n',
    );
  });

  it('quotes what has white space or braces', () => {
    expect(password('a b{c}')).toContain('auth_pass "a b{c}"\n');
  });

  it.each(['', ' a', 'a\nb', 'a"b', 'a#b', 'a!b', 'a$b', 'a~b', 'a@b', 'a\\b', 'ä', '\u0000'])('refuses %j', (text) => {
    expect(() => password(text)).toThrow(expect.objectContaining({ code: 'UNSAFE_CONFIGURATION_VALUE' }));
  });

  it.each([1.5, Number.NaN, 2 ** 60])('refuses the number %d', (number) => {
    expect(() => writeKeepalived({ blocks: [block('vrrp_instance', [line('priority', number)], 'a')] })).toThrow(
      expect.objectContaining({ code: 'UNSAFE_CONFIGURATION_VALUE' }),
    );
  });

  it.each(['a b', 'a{', '', '$x'])('refuses the name %j', (name) => {
    expect(() => writeKeepalived({ blocks: [block('vrrp_instance', [], name)] })).toThrow(
      expect.objectContaining({ code: 'UNSAFE_CONFIGURATION_VALUE' }),
    );
  });

  it('never lets a value become another line, block or comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let written: string;
        try {
          written = password(text);
        } catch {
          return;
        }
        const [head, own, tail, ...rest] = written.split('\n');
        expect([head, tail, rest]).toEqual(['authentication {', '}', ['']]);
        expect(own?.replaceAll('"', '').trim()).toBe(`auth_pass ${text}`);
      }),
    );
  });
});
