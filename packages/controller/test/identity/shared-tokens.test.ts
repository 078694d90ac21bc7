/** What stands in memcached, byte for byte as keystonemiddleware (10.1) writes it; its own functions made the expected texts. */
import { describe, expect, it } from 'vitest';
import { parseServer } from '../../src/clouds/identity/keystone/memcached.ts';
import { cacheKey, type Protection, protect, unprotect } from '../../src/clouds/identity/keystone/shared-tokens.ts';

const MAC: Protection = { strategy: 'MAC', secret: 'cache-secret' };
const ENCRYPT: Protection = { strategy: 'ENCRYPT', secret: 'cache-secret' };
const TOKEN = 'gAAAAAtoken';
const TEXT = '{"token": {"user": {"name": "Jürgen"}}}';

describe('a token', () => {
  it.each<[string, Protection | null, string]>([
    ['its digest', null, 'tokens/b11a3c5fa53f3d220525be33f57f386ab9a300e12a9439c2389ceb7701f017b5'],
    ['a key that only the secret leads to', MAC, "tokens/b'5kusWtU0TyCIKGWnU0AxeQ=='"],
    ['another key for each strategy', ENCRYPT, "tokens/b'm11gvWCJq1/cm8bN480bFA=='"],
  ])('stands under %s', (_, protection, key) => {
    expect(cacheKey(TOKEN, protection)).toBe(key);
  });

  it('is signed as Python signs it', () => {
    expect(protect(TOKEN, TEXT, MAC)).toBe(
      'Tv8NL7ZvKWZgAe3seXVLRZPelGOm4CzvrW/r57jBWvfm+Pp5QOBBnLSX5uSkYLsweyJ0b2tlbiI6IHsidXNlciI6IHsibmFtZSI6ICJKw7xyZ2VuIn19fQ==',
    );
  });

  it('is read when Python encrypted it', () => {
    expect(
      unprotect(
        TOKEN,
        'OA3hq047kBZNa5cBJwC8Y/LUYR6fO/emyVfdhBF1Dg4L39rt+tjgRYFS1AXW2aoVHccfwx8H1sh+842o0nKxFm8dx7YUihzTK76n4Irr8p5H1CRA5HZBK+5HzfHuanHQvQM9nipcQYtAkMPG42xlpg==',
        ENCRYPT,
      ),
    ).toBe(TEXT);
  });

  it.each<[string, Protection | null]>([
    ['plain', null],
    ['signed', MAC],
    ['encrypted', ENCRYPT],
  ])('comes back as it was: %s', (_, protection) => {
    expect(unprotect(TOKEN, protect(TOKEN, TEXT, protection), protection)).toBe(TEXT);
  });

  it.each<[string, string, Protection]>([
    ['of another token', protect('other', TEXT, MAC), MAC],
    ['with another secret', protect(TOKEN, TEXT, { ...MAC, secret: 'x' }), MAC],
    ['of the other strategy', protect(TOKEN, TEXT, MAC), ENCRYPT],
    ['that was changed', `${protect(TOKEN, TEXT, ENCRYPT).slice(0, -4)}AAA=`, ENCRYPT],
    ['without a signature', TEXT, MAC],
    ['of nothing', '', ENCRYPT],
  ])('is not believed in a value %s', (_, value, protection) => {
    expect(unprotect(TOKEN, value, protection)).toBeNull();
  });
});

it.each<[string, { host: string; port: number } | null]>([
  ['10.0.0.1:11211', { host: '10.0.0.1', port: 11_211 }],
  ['cache', { host: 'cache', port: 11_211 }],
  ['[fd00::1]:11212', { host: 'fd00::1', port: 11_212 }],
  ['inet6:[fd00::1]:11211', { host: 'fd00::1', port: 11_211 }],
  ['inet:cache:1', { host: 'cache', port: 1 }],
  ['cache:70000', null],
  ['a:b:c', null],
  ['', null],
])('%s names a server', (text, server) => {
  expect(parseServer(text)).toEqual(server);
});
