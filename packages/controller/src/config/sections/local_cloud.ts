import { isIP } from 'node:net';
import { section, string } from '../option.ts';

/** A local cloud takes a /20 of the range, so nothing smaller will do. */
function ipv4Range(value: string): string | null {
  const [address = '', length = ''] = value.split('/');
  const isNetwork = isIP(address) === 4 && /^\d{1,2}$/.test(length) && Number(length) >= 8 && Number(length) <= 20;
  return isNetwork ? null : 'must be an IPv4 network between /8 and /20, such as 198.18.0.0/15';
}

export const local_cloud = section('The built-in cloud of this host: the `local` compute and network drivers.', {
  subnet_range: string('198.18.0.0/15', 'Networks of local clouds are cut from this range, a /20 each.', {
    check: ipv4Range,
  }),
  state_dir: string(
    '/var/lib/octavia',
    'Folder of everything that outlives the process: database, certificates, amphorae.',
    { fallbackEnv: 'OCTAVIA_STATE_DIR' },
  ),
  agent_node: string(null, 'Node.js that amphora agents run on; unset is the one that started the controller.', {
    fallbackEnv: 'OCTAVIA_AGENT_NODE',
  }),
});
