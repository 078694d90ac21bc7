/** What the people type, and whether it works. `{name}` stands for the id that an earlier command printed. */
import type { Person } from './people.ts';

export interface Command {
  who: Person;
  /** After `openstack`. */
  line: string;
  /** Text of a refusal; absent: the command succeeds. */
  refused?: string;
  /** Keeps the id of what was made. */
  keep?: string;
  /** Text the output holds. */
  shows?: string;
  /** Text the output does not hold. */
  hides?: string;
}

const SUBNET = '6b0fd1ea-9b2d-4b0f-9a6b-1f0f3f1a7a11';
const DENIED = 'Policy does not allow this request to be performed.';

const jane = (line: string, more: Partial<Command> = {}): Command => ({
  who: 'jane',
  line: `loadbalancer ${line}`,
  ...more,
});
const boss = (line: string, more: Partial<Command> = {}): Command => ({
  who: 'boss',
  line: `loadbalancer ${line}`,
  ...more,
});

export const COMMANDS: readonly Command[] = [
  jane('list'),
  jane('provider list', { shows: 'amphora' }),
  jane(`create --name lb --vip-subnet-id ${SUBNET} --tag web --wait`, { keep: 'lb' }),
  jane('show lb', { shows: 'ACTIVE' }),
  jane('set lb --name balancer --description text --wait'),
  jane('unset balancer --description --wait'),
  jane('list --tags web', { shows: '{lb}' }),

  jane('listener create --name ls --protocol HTTP --protocol-port 80 balancer --wait', { keep: 'ls' }),
  jane('listener set ls --connection-limit 100 --wait'),
  jane('listener unset ls --connection-limit --wait'),
  jane('listener list --loadbalancer balancer', { shows: '{ls}' }),
  jane('listener show ls', { shows: '{ls}' }),
  jane('listener stats show ls', { shows: 'bytes_in' }),

  jane('pool create --name pl --lb-algorithm ROUND_ROBIN --listener ls --protocol HTTP --wait', { keep: 'pl' }),
  jane('pool set pl --lb-algorithm LEAST_CONNECTIONS --wait'),
  jane('pool unset pl --name --wait'),
  jane('pool list', { shows: '{pl}' }),
  jane('pool show {pl}', { shows: 'LEAST_CONNECTIONS' }),

  jane('member create --name mb --address 192.0.2.10 --protocol-port 8080 {pl} --wait', { keep: 'mb' }),
  jane('member set --weight 5 {pl} mb --wait'),
  jane('member unset --weight {pl} mb --wait'),
  jane('member list {pl}', { shows: '{mb}' }),
  jane('member show {pl} mb', { shows: '192.0.2.10' }),

  jane('healthmonitor create --name hm --delay 5 --timeout 4 --max-retries 3 --type HTTP {pl} --wait', { keep: 'hm' }),
  jane('healthmonitor set hm --delay 6 --wait'),
  jane('healthmonitor unset hm --url-path --wait'),
  jane('healthmonitor list', { shows: '{hm}' }),
  jane('healthmonitor show hm', { shows: '{hm}' }),

  jane('l7policy create --name py --action REDIRECT_TO_URL --redirect-url http://example.org ls --wait', {
    keep: 'py',
  }),
  jane('l7policy set py --description text --wait'),
  jane('l7policy unset py --description --wait'),
  jane('l7policy list', { shows: '{py}' }),
  jane('l7policy show py', { shows: 'http://example.org' }),
  jane('l7rule create --compare-type STARTS_WITH --type PATH --value /x py', { keep: 'rl' }),
  jane('l7rule set --value /y py {rl}'),
  jane('l7rule unset --invert py {rl}'),
  jane('l7rule list py', { shows: '{rl}' }),
  jane('l7rule show py {rl}', { shows: '/y' }),

  jane('status show balancer', { shows: '{pl}' }),
  jane('stats show balancer', { shows: 'active_connections' }),
  jane('quota defaults show', { shows: 'load_balancer' }),

  // Roles and projects
  { who: 'rita', line: 'loadbalancer show {lb}', shows: '{lb}' },
  { who: 'rita', line: 'loadbalancer delete {lb}', refused: DENIED },
  { who: 'nora', line: 'loadbalancer list', refused: DENIED },
  { who: 'eve', line: 'loadbalancer list', hides: '{lb}' },
  {
    who: 'eve',
    line: 'loadbalancer pool create --lb-algorithm ROUND_ROBIN --loadbalancer {lb} --protocol HTTP',
    refused: 'Unable to locate',
  },
  { who: 'glen', line: 'loadbalancer list', shows: '{lb}' },
  { who: 'glen', line: 'loadbalancer amphora list', refused: DENIED },
  { who: 'boss', line: 'loadbalancer list', shows: '{lb}' },
  { who: 'admin', line: 'loadbalancer amphora list' },
  { who: 'quinn', line: 'loadbalancer quota list' },
  { who: 'quinn', line: 'loadbalancer quota set --loadbalancer 9 {project}', shows: '9' },
  { who: 'quinn', line: 'loadbalancer show {lb}', refused: DENIED },
  jane('failover balancer', { refused: DENIED }),
  boss('failover {lb} --wait'),

  // Administration
  boss('quota set --loadbalancer 7 {project}'),
  boss('quota show {project}', { shows: '7' }),
  boss('quota unset --loadbalancer {project}'),
  boss('quota reset {project}'),
  boss('provider capability list amphora', { shows: 'flavor' }),
  boss('flavorprofile create --name fp --provider amphora --flavor-data {"loadbalancer_topology":"SINGLE"}'),
  boss('flavorprofile set fp --name fq'),
  boss('flavorprofile list', { shows: 'fq' }),
  boss('flavorprofile show fq', { shows: 'amphora' }),
  boss('flavor create --name fl --flavorprofile fq --enable'),
  boss('flavor set fl --disable'),
  boss('flavor unset fl --description'),
  boss('flavor show fl', { shows: 'fl' }),
  jane('flavor list', { shows: 'fl' }),
  jane('flavor delete fl', { refused: DENIED }),
  boss('flavor delete fl'),
  boss('flavorprofile delete fq'),
  boss('availabilityzoneprofile create --name zp --provider amphora --availability-zone-data {"compute_zone":"nova"}'),
  boss('availabilityzoneprofile set zp --name zq'),
  boss('availabilityzoneprofile list', { shows: 'zq' }),
  boss('availabilityzoneprofile show zq', { shows: 'amphora' }),
  boss('availabilityzone create --name zn --availabilityzoneprofile zq --enable'),
  boss('availabilityzone set zn --description text'),
  boss('availabilityzone unset zn --description'),
  boss('availabilityzone show zn', { shows: 'zn' }),
  jane('availabilityzone list', { shows: 'zn' }),
  boss('availabilityzone delete zn'),
  boss('availabilityzoneprofile delete zq'),

  // The end
  jane('l7rule delete py {rl}'),
  jane('l7policy delete py --wait'),
  jane('healthmonitor delete hm --wait'),
  jane('member delete {pl} mb --wait'),
  jane('pool delete {pl} --wait'),
  jane('listener delete ls --wait'),
  jane('delete --cascade balancer --wait'),
];
