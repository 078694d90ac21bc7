import { describe, expect, it } from 'vitest';
import type { ListenerProtocol } from '../../src/domain/resources.ts';
import {
  type ListenerFields,
  type ListenerRules,
  settleListener,
  settleListenerChange,
} from '../../src/domain/validation/listener.ts';
import { aListener } from '../support/store.ts';

const rules: ListenerRules = {
  allowTlsTerminated: true,
  allowPrometheus: true,
  tls: {
    defaultCiphers: 'DEFAULT-A:DEFAULT-B',
    defaultVersions: ['TLSv1.2', 'TLSv1.3'],
    defaultAlpnProtocols: ['h2', 'http/1.1', 'http/1.0'],
    minimumVersion: 'TLSv1.2',
    prohibitedCiphers: ['BAD-1', 'BAD-2'],
  },
};
const fields = (changes: Partial<ListenerFields>): ListenerFields => aListener('lb', changes);
const IPV4 = ['192.0.2.1'];
const TLS: Partial<ListenerFields> = { protocol: 'TERMINATED_HTTPS', defaultTlsContainerRef: 'ref' };

const refusals: [string, Partial<ListenerFields>, string][] = [
  [
    'a certificate on HTTP',
    { defaultTlsContainerRef: 'ref' },
    'Validation failure: Certificate container references are not allowed on HTTP protocol listeners.',
  ],
  [
    'SNI on UDP',
    { protocol: 'UDP', sniContainerRefs: ['ref'] },
    'Validation failure: UDP protocol listener does not support TLS.',
  ],
  [
    'TLS without a certificate',
    { protocol: 'TERMINATED_HTTPS' },
    'Validation failure: An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.',
  ],
  [
    'client authentication without CA',
    { ...TLS, clientAuthentication: 'MANDATORY' },
    'Validation failure: Client authentication setting MANDATORY requires a client CA container reference.',
  ],
  [
    'a CA without a certificate',
    { protocol: 'PROMETHEUS', clientCaTlsContainerRef: 'ca' },
    'Validation failure: An SNI or default certificate container reference must be provided with a client CA container reference.',
  ],
  [
    'a CRL without CA',
    { ...TLS, clientCrlContainerRef: 'crl' },
    'Validation failure: A client authentication CA reference is required to specify a client authentication revocation list.',
  ],
  ['no TLS version', { ...TLS, tlsVersions: [] }, 'Validation failure: Empty TLS version list.'],
  ['an unknown TLS version', { ...TLS, tlsVersions: ['x', 'y'] }, 'Validation failure: Invalid TLS versions: x, y'],
  [
    'TLS versions below the minimum',
    { ...TLS, tlsVersions: ['TLSv1', 'TLSv1.2', 'TLSv1.1'] },
    'Validation failure: Requested TLS versions are less than the minimum: TLSv1, TLSv1.1 < TLSv1.2',
  ],
  [
    'characters no cipher has',
    { tlsCiphers: 'A B' },
    'Validation failure: Invalid characters in cipher string. Only alphanumeric, -, +, !, :, @, =, _, and . are allowed.',
  ],
  [
    'prohibited ciphers',
    { ...TLS, tlsCiphers: 'GOOD:BAD-2:BAD-1' },
    'Validation failure: The following ciphers have been prohibited by an administrator: BAD-1, BAD-2',
  ],
  ['no ALPN protocol', { ...TLS, alpnProtocols: [] }, 'Validation failure: Empty ALPN protocol list.'],
  [
    'a CIDR of the other IP version',
    { allowedCidrs: ['10.0.0.0/8', '2001:db8::/32'] },
    'Validation failure: CIDR 2001:db8::/32 IP version incompatible with VIP 192.0.2.1 IP version.',
  ],
  [
    'headers on TCP',
    { protocol: 'TCP', insertHeaders: { 'X-Forwarded-For': 'true' } },
    'insert-headers is not a valid option for a TCP protocol listener.',
  ],
  [
    'unknown headers',
    { insertHeaders: { 'X-A': 'true', 'X-Forwarded-For': 'true', 'X-B': 'true' } },
    'X-A, X-B is not a valid option for insert_headers',
  ],
  [
    'TLS headers on HTTP',
    { insertHeaders: { 'X-SSL-Client-CN': 'true' } },
    'X-SSL-Client-CN is not a valid option for HTTP protocol listener.',
  ],
];

describe('a new listener', () => {
  it.each(refusals)('refuses %s', (_title, changes, message) => {
    expect(() => settleListener(fields(changes), rules, IPV4)).toThrow(message);
  });

  it.each([
    ['TERMINATED_HTTPS', { allowTlsTerminated: false }],
    ['PROMETHEUS', { allowPrometheus: false }],
  ] as const)('refuses %s when the operator switched it off', (protocol, off) => {
    expect(() => settleListener(fields({ protocol }), { ...rules, ...off }, IPV4)).toThrow(
      `The selected protocol is not allowed in this deployment: ${protocol}`,
    );
  });

  it('takes the configured TLS settings when it does TLS', () => {
    expect(settleListener(fields(TLS), rules, IPV4)).toMatchObject({
      tlsCiphers: 'DEFAULT-A:DEFAULT-B',
      tlsVersions: ['TLSv1.2', 'TLSv1.3'],
      alpnProtocols: ['h2', 'http/1.1', 'http/1.0'],
    });
  });

  it.each(['HTTP', 'TCP', 'HTTPS', 'UDP', 'SCTP', 'PROMETHEUS'] satisfies ListenerProtocol[])(
    'keeps TLS settings as plain %s as they were given',
    (protocol) => {
      const given = { tlsCiphers: null, tlsVersions: ['TLSv1'], alpnProtocols: null };
      expect(settleListener(fields({ protocol, ...given }), rules, IPV4)).toMatchObject(given);
      const current = aListener('lb', { protocol, ...given });
      const change = { tlsCiphers: 'X', alpnProtocols: ['h2'] };
      expect(settleListenerChange(current, { ...change, tlsVersions: null }, rules, IPV4)).toMatchObject({
        ...change,
        tlsVersions: null,
      });
    },
  );

  it('collapses CIDRs, and none means from anywhere', () => {
    const cidrs = ['10.0.0.0/8', '10.0.0.0/8', '192.0.2.0/24'];
    expect(settleListener(fields({ allowedCidrs: cidrs }), rules, IPV4).allowedCidrs).toEqual([
      '10.0.0.0/8',
      '192.0.2.0/24',
    ]);
    expect(settleListener(fields({ allowedCidrs: [] }), rules, IPV4).allowedCidrs).toBeNull();
    const both = ['192.0.2.1', '2001:db8::1'];
    expect(settleListener(fields({ allowedCidrs: ['::/0'] }), rules, both).allowedCidrs).toEqual(['::/0']);
  });

  it('accepts every header on TLS termination', () => {
    const insertHeaders = { 'X-Forwarded-For': 'true', 'X-SSL-Client-Not-After': 'true' };
    expect(settleListener(fields({ ...TLS, insertHeaders }), rules, IPV4).insertHeaders).toEqual(insertHeaders);
  });
});

describe('a changed listener', () => {
  it('cannot lose its last certificate', () => {
    expect(() => settleListenerChange(aListener('lb', TLS), { defaultTlsContainerRef: null }, rules, IPV4)).toThrow(
      'must be provided for TERMINATED_HTTPS',
    );
  });

  it('returns TLS settings to the default on null', () => {
    const current = aListener('lb', { ...TLS, tlsCiphers: 'X', tlsVersions: ['TLSv1.3'], alpnProtocols: ['h2'] });
    expect(settleListenerChange(current, { tlsVersions: null }, rules, IPV4)).toEqual({
      tlsCiphers: 'X',
      tlsVersions: ['TLSv1.2', 'TLSv1.3'],
      alpnProtocols: ['h2'],
    });
  });

  it('checks TLS settings even without TLS', () => {
    expect(() => settleListenerChange(aListener('lb'), { tlsVersions: ['SSLv3'] }, rules, IPV4)).toThrow('less than');
  });

  it.each(['UDP', 'SCTP'] as const)('%s refuses TLS and headers in one sentence', (protocol) => {
    const current = aListener('lb', { protocol });
    for (const change of [{ sniContainerRefs: ['ref'] }, { insertHeaders: { 'X-Forwarded-For': 'true' } }]) {
      expect(() => settleListenerChange(current, change, rules, IPV4)).toThrow(
        `${protocol} protocol listener does not support TLS or header insertion.`,
      );
    }
  });
});
