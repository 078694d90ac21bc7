/** No text of a tenant becomes configuration, whatever it holds and wherever it stands. */

import type { HaproxyConfig } from '@octavia/haproxy-config/tree';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meantSections, readMeaning } from '../../../haproxy-config/test/support/meaning.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { renderLoadBalancer } from '../../src/dataplane/haproxy/render.ts';
import type { TlsFiles } from '../../src/dataplane/haproxy/tls-files.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import type { LoadBalancerTree } from '../../src/domain/resources.ts';
import { isOctaviaError } from '../../src/errors.ts';
import { listenerId, makeAmphora, makeTree, policyId, poolId } from './support/tree.ts';

/** Plain text, and text made of what is special to HAProxy, more often than chance would make it. */
const special = fc.constantFrom(
  ...[
    '\\',
    '"',
    "'",
    '#',
    '$',
    '%',
    '%%',
    '%[',
    '(',
    ')',
    ',',
    '{',
    '}',
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\x7f',
    '\u0085',
  ],
  ...[
    '\\n',
    '\\x0a',
    '"$HOME"',
    '\u0024{HOME}',
    ']',
    ' if ',
    'backend x',
    '\n  http-request deny',
    'é',
    '\ud800',
    '200',
  ],
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.array(fc.oneof(special, fc.string({ maxLength: 5 })), { maxLength: 8 }).map((parts) => parts.join('')),
);

const texts = fc.record({
  name: text,
  description: text,
  tag: text,
  urlPath: text,
  domainName: text,
  cookieName: text,
  expectedCodes: fc.oneof(fc.constantFrom('200', '200-204', '200, 202'), text),
  header: text,
  headerValue: fc.oneof(fc.constantFrom('true', 'TRUE', 'false'), text),
  redirectUrl: text,
  redirectPrefix: text,
  ruleKey: text,
  ruleValue: text,
  tlsCiphers: fc.oneof(fc.constantFrom('ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256'), text),
  tlsVersion: fc.oneof(fc.constantFrom('TLSv1.2', 'TLSv1.3'), text),
  alpnProtocol: fc.oneof(fc.constantFrom('h2', 'http/1.1'), text),
  certificateRef: text,
  projectId: text,
});
type Texts = typeof texts extends fc.Arbitrary<infer T> ? T : never;

const HARMLESS: Texts = {
  name: 'n',
  description: 'd',
  tag: 't',
  urlPath: '/',
  domainName: 'example.com',
  cookieName: 'sid',
  expectedCodes: '200',
  header: 'X-Forwarded-For',
  headerValue: 'true',
  redirectUrl: 'https://a/',
  redirectPrefix: 'https://b',
  ruleKey: 'X-Key',
  ruleValue: 'value',
  tlsCiphers: 'ECDHE-RSA-AES256-GCM-SHA384',
  tlsVersion: 'TLSv1.2',
  alpnProtocol: 'h2',
  certificateRef: 'ref',
  projectId: 'project',
};

const OPTIONS = {
  ...DEFAULT_HAPROXY_OPTIONS,
  logging: {
    socket: '/run/rsyslog/octavia/log',
    userFacility: 0,
    administrativeFacility: 1,
    connections: true,
    userFormat: '{{ project_id }} {{ lb_id }} flow',
  },
};

/** Names of files are hashes, whatever the references are. */
const FILES: TlsFiles = {
  listeners: new Map([
    [
      listenerId(3),
      { source: '1'.repeat(40), certificates: 'a'.repeat(40), clientCa: 'b'.repeat(40), clientCrl: 'c'.repeat(40) },
    ],
  ]),
  pools: new Map([
    [poolId(2), { source: '2'.repeat(40), certificate: 'd'.repeat(40), ca: 'b'.repeat(40), crl: 'c'.repeat(40) }],
  ]),
};

function treeWith(given: Texts): LoadBalancerTree {
  const common = { name: given.name, tags: [given.tag] };
  const described = { ...common, description: given.description };
  const tls = {
    tlsCiphers: given.tlsCiphers,
    tlsVersions: [given.tlsVersion],
    alpnProtocols: [given.alpnProtocol],
  };
  const ref = given.certificateRef;
  return makeTree({
    loadBalancer: { ...described, projectId: given.projectId },
    listeners: [
      { ...described, defaultPoolId: poolId(1), insertHeaders: { [given.header]: given.headerValue } },
      { ...described, protocolPort: 81, insertHeaders: { 'X-Forwarded-For': given.headerValue } },
      {
        ...described,
        ...tls,
        protocol: 'TERMINATED_HTTPS',
        protocolPort: 443,
        defaultPoolId: poolId(2),
        defaultTlsContainerRef: ref,
        sniContainerRefs: [ref],
        clientAuthentication: 'MANDATORY',
        clientCaTlsContainerRef: ref,
        clientCrlContainerRef: ref,
        hstsMaxAge: 1,
        insertHeaders: { 'X-SSL-Client-DN': 'true' },
      },
    ],
    pools: [
      { ...described, sessionPersistence: { type: 'APP_COOKIE', cookieName: given.cookieName } },
      { ...described, ...tls, tlsEnabled: true, tlsContainerRef: ref, caTlsContainerRef: ref, crlContainerRef: ref },
    ],
    members: [common, { ...common, poolId: poolId(2) }],
    healthMonitors: [
      {
        ...common,
        type: 'HTTPS',
        httpMethod: 'GET',
        urlPath: given.urlPath,
        expectedCodes: given.expectedCodes,
        httpVersion: '1.1',
        domainName: given.domainName,
      },
    ],
    l7policies: [
      { ...described, action: 'REDIRECT_TO_URL', redirectUrl: given.redirectUrl },
      { ...described, action: 'REDIRECT_PREFIX', redirectPrefix: given.redirectPrefix },
    ],
    l7rules: [
      ...(['HEADER', 'COOKIE', 'SSL_DN_FIELD'] as const).map((type) => ({
        ...common,
        type,
        key: given.ruleKey,
        value: given.ruleValue,
      })),
      ...(['HOST_NAME', 'PATH'] as const).map((type) => ({
        l7policyId: policyId(2),
        type,
        compareType: 'REGEX' as const,
        value: given.ruleValue,
      })),
    ],
  });
}

function rendered(given: Texts): { config: HaproxyConfig; text: string } | null {
  try {
    const config = renderLoadBalancer(treeWith(given), makeAmphora(), OPTIONS, FILES);
    return { config, text: writeConfig(config) };
  } catch (error) {
    if (isOctaviaError(error, 'UNSAFE_CONFIGURATION_VALUE')) return null;
    throw error;
  }
}

const lineCount = (file: string): number => file.split('\n').length;
const most = lineCount(rendered(HARMLESS)!.text);

/** All harmless but one, so that a refusal of one text does not hide the others. */
const oneByOne = fc
  .tuple(fc.constantFrom(...(Object.keys(HARMLESS) as (keyof Texts)[])), texts)
  .map(([key, given]): Texts => ({ ...HARMLESS, [key]: given[key] }));

describe('texts of tenants', () => {
  it.each([
    ['one at a time', oneByOne],
    ['all together', texts],
  ])('are read back as they were, or refused: %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const result = rendered(given);
        if (result === null) return;
        expect(readMeaning(result.text, result.config)).toEqual(meantSections(result.config));
        // Lines that depend on a text: "option forwardfor", the upgrades that HTTP/2 does not know, and the second reading
        // of an expression about hosts with a colon.
        expect(lineCount(result.text)).toBeGreaterThanOrEqual(most - 2);
        expect(lineCount(result.text)).toBeLessThanOrEqual(most + 1);
      }),
      { numRuns: 1000 },
    );
  });

  it('do not show in the file when they are names, descriptions or tags', () => {
    fc.assert(
      fc.property(text, (given) => {
        const result = rendered({ ...HARMLESS, name: given, description: given, tag: given });
        expect(result?.text).toBe(rendered(HARMLESS)?.text);
      }),
    );
  });

  it('leave no trace of themselves when they are references to certificates', () => {
    fc.assert(
      fc.property(text, (certificateRef) => {
        expect(rendered({ ...HARMLESS, certificateRef })?.text).toBe(rendered(HARMLESS)?.text);
      }),
    );
  });

  it('arrive in the place they are for', () => {
    const result = rendered({
      ...HARMLESS,
      urlPath: '/a b',
      domainName: '%[x]',
      cookieName: "a'),b",
      expectedCodes: '201',
    });
    const words = readMeaning(result!.text, result!.config).flatMap((section) => section.lines);
    expect(words).toContainEqual(expect.arrayContaining(['uri', '/a b', 'hdr', 'Host', { format: ['%[x]'] }]));
    expect(words).toContainEqual(['stick', 'match', [{ name: 'req.cook', arguments: ["a'),b"] }]]);
    expect(words).toContainEqual(['http-check', 'expect', 'status', '201']);
  });
});

describe('addresses', () => {
  it.each(['example.com', '/tmp/socket', 'fe80::1%eth0', '198.18.0.1:80 ssl', '', 'unix@/x'])(
    '%j is refused',
    (address) => {
      for (const given of [{ address }, { monitorAddress: address }]) {
        const monitor = { type: 'TCP' as const };
        const tree = makeTree({
          listeners: [{ defaultPoolId: poolId(1) }],
          pools: [{}],
          members: [given],
          healthMonitors: [monitor],
        });
        expect(() => renderLoadBalancer(tree, makeAmphora(), DEFAULT_HAPROXY_OPTIONS)).toThrow('A value for server');
      }
    },
  );

  it.each(['10.0.0.0', '10.0.0.0/33', '::/129', 'x/8', '10.0.0.0/8/8', '10.0.0.0/8 !'])(
    'network %j is refused',
    (cidr) => {
      const tree = makeTree({ listeners: [{ allowedCidrs: [cidr] }] });
      expect(() => renderLoadBalancer(tree, makeAmphora(), DEFAULT_HAPROXY_OPTIONS)).toThrow('A value for acl');
    },
  );
});
