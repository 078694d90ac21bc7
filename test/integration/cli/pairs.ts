/** Every command that shows something, in every format, by both programs: the same bytes. */

import type { HttpAnswer } from '@octavia/client';
import { EXCEPTIONS_OF_PAIRS } from '../../../packages/cli/test/exceptions.ts';
import { wordsOf } from '../../../packages/cli/test/lines.ts';
import { runOctavia } from './octavia.ts';
import type { Python } from './python.ts';
import { PairRecorder } from './recorded-pairs.ts';
import type { Report } from './report.ts';

/** What is there to be shown. `{name}` is the id that an earlier line printed. */
const SCENE = `
lb loadbalancer create --name lb --description 'for everybody' --vip-subnet-id public-subnet --project demo --tag a --tag b --wait
other loadbalancer create --name データ --vip-subnet-id public-subnet --project demo --disable --wait
http loadbalancer listener create lb --name http --protocol HTTP --protocol-port 80 --insert-headers X-Forwarded-For=true,X-Forwarded-Port=true --allowed-cidr 192.0.2.0/24 --allowed-cidr 198.51.100.0/24 --wait
tcp loadbalancer listener create lb --name tcp --protocol TCP --protocol-port 81 --tag c --connection-limit 100 --wait
web loadbalancer pool create --listener http --name web --protocol HTTP --lb-algorithm ROUND_ROBIN --session-persistence type=APP_COOKIE,cookie_name=sid --wait
spare loadbalancer pool create --loadbalancer lb --name spare --protocol HTTP --lb-algorithm SOURCE_IP --wait
one loadbalancer member create web --name one --address 192.0.2.10 --protocol-port 8080 --weight 5 --wait
two loadbalancer member create web --name two --address 2001:db8::2 --protocol-port 8080 --enable-backup --monitor-port 9000 --wait
hm loadbalancer healthmonitor create web --name hm --delay 5 --timeout 4 --max-retries 3 --type HTTP --url-path /ok --expected-codes 200-204 --http-version 1.1 --domain-name example.org --wait
go loadbalancer l7policy create http --name go --action REDIRECT_TO_URL --redirect-url http://example.org/ --redirect-http-code 301 --wait
rule loadbalancer l7rule create go --compare-type STARTS_WITH --type PATH --value /x --wait
profile loadbalancer flavorprofile create --name single --provider amphora --flavor-data '{"loadbalancer_topology": "SINGLE"}'
flavor loadbalancer flavor create --name small --flavorprofile single --description d --enable
zoneprofile loadbalancer availabilityzoneprofile create --name zp --provider amphora --availability-zone-data '{"compute_zone": "nova"}'
zone loadbalancer availabilityzone create --name az1 --availabilityzoneprofile zp --description d
quota loadbalancer quota set demo --loadbalancer 5 --member 7
`;

/** The same server is for the scenario, too, which has the same names. */
const SCENE_ENDS = [
  'loadbalancer delete {lb} --cascade --wait',
  'loadbalancer delete {other} --wait',
  'loadbalancer flavor delete {flavor}',
  'loadbalancer flavorprofile delete {profile}',
  'loadbalancer availabilityzone delete az1',
  'loadbalancer availabilityzoneprofile delete {zoneprofile}',
  'loadbalancer quota reset demo',
];

const LISTS = [
  'loadbalancer list',
  'loadbalancer list --name lb',
  'loadbalancer list --name nothing',
  'loadbalancer list --tags a,b --not-tags c',
  'loadbalancer list --project demo --enable',
  'loadbalancer list --disable --provisioning-status active',
  'loadbalancer list --vip-subnet-id public-subnet --vip-network-id public-net',
  'loadbalancer listener list',
  'loadbalancer listener list --loadbalancer lb',
  'loadbalancer pool list',
  'loadbalancer pool list --loadbalancer lb',
  'loadbalancer member list web',
  'loadbalancer healthmonitor list',
  'loadbalancer l7policy list',
  'loadbalancer l7policy list --listener http',
  'loadbalancer l7rule list go',
  'loadbalancer quota list',
  'loadbalancer quota list --project demo',
  'loadbalancer provider list',
  'loadbalancer provider capability list amphora',
  'loadbalancer provider capability list amphora --flavor',
  'loadbalancer flavor list',
  'loadbalancer flavor list --flavorprofile single --enable',
  'loadbalancer flavorprofile list',
  'loadbalancer flavorprofile list --provider amphora',
  'loadbalancer availabilityzone list',
  'loadbalancer availabilityzoneprofile list',
  'loadbalancer amphora list',
  'loadbalancer amphora list --loadbalancer lb --long',
  'loadbalancer amphora list --role standalone --status allocated',
];

const RECORDS = [
  'loadbalancer show lb',
  'loadbalancer show {lb}',
  'loadbalancer show データ',
  'loadbalancer stats show lb',
  'loadbalancer listener show http',
  'loadbalancer listener show {tcp}',
  'loadbalancer listener stats show http',
  'loadbalancer pool show web',
  'loadbalancer pool show {spare}',
  'loadbalancer member show web one',
  'loadbalancer member show {web} {two}',
  'loadbalancer healthmonitor show hm',
  'loadbalancer l7policy show go',
  'loadbalancer l7rule show go {rule}',
  'loadbalancer quota show demo',
  'loadbalancer quota defaults show',
  'loadbalancer flavor show small',
  'loadbalancer flavorprofile show single',
  'loadbalancer availabilityzone show az1',
  'loadbalancer availabilityzoneprofile show zp',
  'loadbalancer amphora show {amphora}',
  'loadbalancer amphora stats show {amphora}',
];

/** Shown as they are, or refused: the same exit code and the same sentences. */
const OTHERS = [
  'loadbalancer status show lb',
  'loadbalancer show nothing',
  'loadbalancer show 11111111-2222-3333-4444-555555555555',
  'loadbalancer listener show nothing',
  'loadbalancer member show web nothing',
  'loadbalancer member show nothing one',
  'loadbalancer amphora show 11111111-2222-3333-4444-555555555555',
  'loadbalancer amphora show x',
  'loadbalancer availabilityzone show nothing',
  'loadbalancer quota set demo',
  'loadbalancer create --name x',
  'loadbalancer create --vip-network-id public-net --vip-port-id x',
  'loadbalancer create --vip-subnet-id nothing',
  'loadbalancer listener create lb --protocol HTTP --protocol-port 80',
  'loadbalancer listener create lb --protocol HTTP --protocol-port 70000',
  'loadbalancer listener set http --connection-limit many',
  'loadbalancer healthmonitor set hm --delay soon',
  'loadbalancer member create web --address 192.0.2.10 --protocol-port 8080',
  'loadbalancer l7policy create http --action REDIRECT_TO_POOL',
  'loadbalancer l7rule create go --type HEADER --compare-type EQUAL_TO --value x',
  'loadbalancer provider capability list nothing',
  'loadbalancer delete lb',
  'loadbalancer flavorprofile delete single',
  'loadbalancer list --project nothing',
  'loadbalancer list -c nothing',
  'loadbalancer unset lb',
  'loadbalancer list --availability-zone az1 --flavor small',
];

const WAYS_OF_LIST = [
  ...['csv', 'json', 'table', 'value', 'yaml'].map((format) => ['-f', format]),
  ['-f', 'table', '--max-width', '80'],
  ['-f', 'value', '--sort-column', 'name', '--sort-descending'],
];
const WAYS_OF_RECORD = [
  ...['json', 'shell', 'table', 'value', 'yaml'].map((format) => ['-f', format]),
  ['-f', 'table', '--max-width', '60'],
  ['-f', 'json', '-c', 'id', '-c', 'name', '-c', 'bytes_in', '-c', 'pool', '--noindent'],
];

/** Ids of requests differ. */
const comparable = (text: string): string => text.replaceAll(/req-[0-9a-f-]{36}/g, 'req-…');

/** @param record whether what `npm test` plays is written anew */
export async function comparePairs(python: Python, endpoint: string, report: Report, record: boolean): Promise<void> {
  report.section('the same server, both programs');
  const connection = ['--os-auth-type', 'none', '--os-endpoint', endpoint];
  const ids: Record<string, string> = {};
  const typed = (line: string): string => line.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
  const words = (line: string): string[] => wordsOf(typed(line));
  for (const line of SCENE.trim().split('\n')) {
    const [name = '', ...rest] = line.split(' ');
    const { code, stdout, stderr } = await runOctavia([...connection, ...words(rest.join(' ')), '-f', 'json']);
    report.compared(rest.join(' '), code === 0 ? null : stderr);
    ids[name] = code === 0 ? String(JSON.parse(stdout).id) : '';
  }
  const amphorae = await runOctavia([
    ...connection,
    ...words('loadbalancer amphora list --loadbalancer lb -f value -c id'),
  ]);
  ids.amphora = amphorae.stdout.split('\n')[0] ?? '';
  const recorder = new PairRecorder(endpoint);
  const compare = async (line: string, way: string[], isRecorded: boolean): Promise<void> => {
    const what = [line, ...way].join(' ');
    if (EXCEPTIONS_OF_PAIRS[line] !== undefined) return;
    const all = [...connection, ...words(line), ...way];
    const answers = new Map<string, HttpAnswer>();
    const [ours, theirs] = [await runOctavia(all, recorder.around(answers)), await python.ask({ words: all })];
    if (isRecorded) recorder.add(typed(line), way, answers, theirs);
    for (const part of ['code', 'stdout', 'stderr'] as const) {
      report.equal(`${what}: ${part}`, comparable(String(ours[part])), comparable(String(theirs[part])));
    }
  };
  const seen = new Set<string>();
  const compareWays = async (line: string, ways: string[][]): Promise<void> => {
    // Of every command the first line in all formats, the others in the shortest one.
    const command = /^loadbalancer(?: [a-z0-9]+)*? (?:list|show)\b/.exec(line)?.[0] ?? line;
    for (const way of ways) {
      const isFormat = way.length === 2 && (!seen.has(command) || way[1] === 'value');
      await compare(line, way, isFormat);
    }
    seen.add(command);
  };
  for (const line of LISTS) await compareWays(line, WAYS_OF_LIST);
  for (const line of RECORDS) await compareWays(line, WAYS_OF_RECORD);
  for (const line of OTHERS) await compare(line, [], true);
  recorder.finish(report, record);
  for (const line of SCENE_ENDS) {
    const { code, stderr } = await runOctavia([...connection, ...words(line)]);
    report.compared(line, code === 0 ? null : stderr);
  }
}
