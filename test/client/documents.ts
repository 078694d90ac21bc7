/** Command lines that documents print. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { wordsOf } from '../../packages/cli/test/lines.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLACES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs/*.md', 'packages/*/README.md'];
const FENCED = /^ *```(?:sh|console|bash)?\n([\s\S]*?)^ *```$/gm;
const INLINE = /`((?:octavia|openstack loadbalancer) [a-z][^`]*)`/g;
const COMMAND =
  /^ *(?:\$ )?(?:sudo )?(?:npm run (?:--silent )?octavia -- |octavia |openstack (?=.*\bloadbalancer\b))(?<words>.+)$/gm;

/** What readers put in. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  ID: '11111111-2222-4333-8444-777777777777',
  '<command>': 'tree',
};

export interface Printed {
  document: string;
  /** As it is printed, continued lines joined. */
  line: string;
  words: string[];
  /** Named within a sentence, where what it is about may be left out. */
  isNamed: boolean;
}

/** Blanks before `#` begin a comment. */
const plain = (line: string): string => line.replace(/ +#.*$/, '').trim();

function commandsOf(document: string, text: string): Printed[] {
  const fenced = [...text.matchAll(FENCED)].flatMap(([, block = '']) =>
    [...block.replaceAll(/\\\n */g, '').matchAll(COMMAND)].map(({ groups }) => plain(groups!.words!)),
  );
  // What is no whole command says so.
  // Headings of the reference are usage lines, made from the table of commands itself.
  const inline = [...text.replaceAll(FENCED, '').replaceAll(/^#.*$/gm, '').matchAll(INLINE)]
    .map(([, span = '']) => span.replace(/^(octavia|openstack) /, ''))
    .filter((span) => !/…|\||\[|^loadbalancer$/.test(span));
  const printed = (line: string, isNamed: boolean): Printed => ({
    document,
    line,
    words: wordsOf(line).map((word) => PLACEHOLDERS[word] ?? word),
    isNamed,
  });
  return [...fenced.map((line) => printed(line, false)), ...inline.map((line) => printed(line, true))];
}

/** Those of this repository's documents. */
export const printedCommands = (): Printed[] =>
  PLACES.flatMap((place) => globSync(place, { cwd: ROOT }).sort()).flatMap((path) =>
    commandsOf(basename(path) === 'README.md' ? path : basename(path), readFileSync(join(ROOT, path), 'utf8')),
  );

const SETUP = `loadbalancer create --name lb1 --vip-subnet-id public-subnet
loadbalancer show lb1`;
const POOL = 'loadbalancer pool create --name pool1 --lb-algorithm ROUND_ROBIN --listener listener1 --protocol HTTP';
const LISTENER = 'loadbalancer listener create --name listener1 --protocol HTTP --protocol-port 80 lb1';
const L7 = `${SETUP}\n${LISTENER}`;

/** What the cookbooks of OpenStack and texts about them print. `{name}` is a name or id that the reader has. */
export const GUIDES: Readonly<Record<string, string>> = {
  'a description of load balancing with Octavia': `loadbalancer list
loadbalancer create --name test-lb --vip-subnet-id {subnet}
loadbalancer create --name external-lb --vip-subnet-id {subnet}
loadbalancer listener create --name test-listener --protocol HTTP --protocol-port 80 test-lb
loadbalancer pool create --name test-pool --lb-algorithm ROUND_ROBIN --listener {test-listener} --protocol HTTP
loadbalancer member create --subnet-id {subnet} --address 192.0.2.10 --protocol_port 80 test-pool
loadbalancer healthmonitor create --name test-hm --delay 5 --timeout 4 --max-retries 3 --type HTTP test-pool
loadbalancer status show {test-lb}`,
  'HTTP with a health monitor': `${L7}
${POOL}
loadbalancer healthmonitor create --delay 5 --max-retries 4 --timeout 10 --type HTTP --url-path /healthcheck pool1
loadbalancer member create --subnet-id private-subnet --address 192.0.2.10 --protocol-port 80 pool1
loadbalancer member create --subnet-id private-subnet --address 192.0.2.11 --protocol-port 80 pool1`,
  'a floating IP': `loadbalancer create --name lb1 --vip-subnet-id private-subnet
loadbalancer show lb1`,
  'session persistence': `${L7}
${POOL} --session-persistence type=APP_COOKIE,cookie_name=PHPSESSIONID`,
  TCP: `${SETUP}
loadbalancer listener create --name listener1 --protocol TCP --protocol-port 23456 lb1
loadbalancer pool create --name pool1 --lb-algorithm ROUND_ROBIN --listener listener1 --protocol TCP
loadbalancer healthmonitor create --delay 5 --max-retries 4 --timeout 10 --type TCP pool1
loadbalancer member create --subnet-id private-subnet --address 192.0.2.10 --protocol-port 80 pool1`,
  'quality of service': `loadbalancer create --name lb1 --vip-subnet-id public-subnet --vip-qos-policy-id {qos}
loadbalancer listener create --name listener1 lb1 --protocol HTTP --protocol-port 80`,
  'allowed addresses': `${SETUP}
loadbalancer listener create --name listener1 --protocol TCP --protocol-port 23456 --allowed-cidr 192.0.2.0/24 --allowed-cidr 198.51.100.0/24 lb1
loadbalancer pool create --name pool1 --lb-algorithm ROUND_ROBIN --listener listener1 --protocol TCP`,
  'HTTPS passed through': `${SETUP}
loadbalancer listener create --name listener1 --protocol HTTPS --protocol-port 443 lb1
loadbalancer pool create --name pool1 --lb-algorithm ROUND_ROBIN --listener listener1 --protocol HTTPS
loadbalancer healthmonitor create --delay 5 --max-retries 4 --timeout 10 --type HTTPS --url-path /healthcheck pool1
loadbalancer member create --subnet-id private-subnet --address 192.0.2.10 --protocol-port 443 pool1`,
  'TLS ended here': `${SETUP}
loadbalancer listener create --protocol-port 443 --protocol TERMINATED_HTTPS --name listener1 --default-tls-container={secret} lb1
${POOL}
loadbalancer listener create --protocol-port 80 --protocol HTTP --name listener2 --default-pool pool1 lb1`,
  'several certificates': `${SETUP}
loadbalancer listener create --protocol-port 443 --protocol TERMINATED_HTTPS --name listener1 --default-tls-container={secret} --sni-container-refs {secret} {secret} -- lb1`,
  'HTTP/2': `${SETUP}
loadbalancer listener create --protocol-port 443 --protocol TERMINATED_HTTPS --alpn-protocol h2 --alpn-protocol http/1.1 --name listener1 --default-tls-container={secret} lb1`,
  'clients that show certificates': `${SETUP}
loadbalancer listener create --name listener1 --protocol TERMINATED_HTTPS --client-authentication OPTIONAL --protocol-port 443 --default-tls-container-ref {secret} --client-ca-tls-container-ref {secret} lb1
loadbalancer l7policy create --action REDIRECT_TO_URL --redirect-url http://www.example.com/signup --name policy1 listener1
loadbalancer l7rule create --type SSL_CONN_HAS_CERT --invert --compare-type EQUAL_TO --value True policy1`,
  'TLS towards members': `${L7}
${POOL} --enable-tls --ca-tls-container-ref {secret} --tls-container-ref {secret}
loadbalancer member create --subnet-id private-subnet --address 192.0.2.10 --protocol-port 443 pool1`,
  UDP: `${SETUP}
loadbalancer listener create --name listener1 --protocol UDP --protocol-port 1234 lb1
loadbalancer pool create --name pool1 --lb-algorithm ROUND_ROBIN --listener listener1 --protocol UDP
loadbalancer healthmonitor create --delay 3 --max-retries 2 --timeout 2 --type UDP-CONNECT pool1
loadbalancer member create --subnet-id private-subnet --address 192.0.2.10 --protocol-port 1234 pool1`,
  figures: `${SETUP}
loadbalancer stats show {lb1}
loadbalancer listener create --name stats-listener --protocol PROMETHEUS --protocol-port 8088 lb1
loadbalancer listener stats show {stats-listener}`,
  'a redirect to HTTPS': `${SETUP}
loadbalancer listener create --name http_listener --protocol HTTP --protocol-port 80 lb1
loadbalancer l7policy create --action REDIRECT_PREFIX --redirect-prefix https://www.example.com/ --name policy1 http_listener
loadbalancer l7rule create --compare-type STARTS_WITH --type PATH --value / policy1`,
  'requests by their paths': `${L7}
loadbalancer pool create --lb-algorithm ROUND_ROBIN --loadbalancer lb1 --name static_pool --protocol HTTP
loadbalancer member create --address 10.0.0.10 --protocol-port 80 --subnet-id private-subnet static_pool
loadbalancer l7policy create --action REDIRECT_TO_POOL --redirect-pool static_pool --name policy1 listener1
loadbalancer l7rule create --compare-type STARTS_WITH --type PATH --value /js policy1
loadbalancer l7policy create --action REDIRECT_TO_POOL --redirect-pool static_pool --name policy2 listener1
loadbalancer l7rule create --compare-type STARTS_WITH --type PATH --value /images policy2
loadbalancer l7rule create --compare-type REGEX --type PATH --value '.(jpg|png)' policy2`,
  'requests by hosts and cookies': `${L7}
loadbalancer pool create --lb-algorithm ROUND_ROBIN --loadbalancer lb1 --name login_pool --protocol HTTP
loadbalancer l7policy create --action REDIRECT_TO_POOL --redirect-pool login_pool --name policy1 listener1
loadbalancer l7rule create --compare-type EQUAL_TO --type HOST_NAME --value www.example.com policy1
loadbalancer l7rule create --compare-type ENDS_WITH --type HOST_NAME --value .example.com policy1
loadbalancer l7rule create --compare-type REGEX --key auth_token --type COOKIE --value '.*' --invert policy1
loadbalancer l7rule create --compare-type EQUAL_TO --key site_version --type COOKIE --value B policy1`,
};
