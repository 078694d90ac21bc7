import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostInterface } from '../../src/clouds/local-host/instance.ts';
import { canFilterPorts, filterScript, unfilterScript } from '../../src/clouds/local-host/port-filter.ts';

/** A bridge in a namespace, on it the filtered host and a client with two addresses; the bridge itself is a third. */
const tag = randomBytes(3).toString('hex');
const port = randomUUID();
const host = hostInterface(tag, port);
const netns = { bridge: `pf-b-${tag}`, server: `pf-s-${tag}`, client: `pf-c-${tag}` };

const within = (namespace: string, command: string, input?: string) =>
  execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-c', command], { encoding: 'utf8', input, stdio: 'pipe' });

function apply(script: string): void {
  within(netns.bridge, 'nft -f -', script);
}

/** curl's exit status: 0 answered, 28 no answer in time, 7 refused. */
function get(from: string, source: string, target: string): number | null {
  const args = ['netns', 'exec', from, 'curl', '-gs', '-m', '1', '--interface', source, '-o', '/dev/null', target];
  return spawnSync('ip', args).status;
}

beforeAll(() => {
  for (const name of Object.values(netns)) execFileSync('ip', ['netns', 'add', name]);
  within(
    netns.bridge,
    `ip link add br0 type bridge stp_state 0 forward_delay 0 && ip link set br0 up && ip addr add 10.0.0.1/24 dev br0
     ip link add ${host} type veth peer name eth0 netns ${netns.server} && ip link set ${host} master br0 up
     ip link add cli type veth peer name eth0 netns ${netns.client} && ip link set cli master br0 up`,
  );
  within(
    netns.server,
    `ip link set lo up; ip link set eth0 up; ip addr add 10.0.0.10/24 dev eth0; ip addr add fd00::10/64 dev eth0 nodad`,
  );
  within(
    netns.client,
    `ip link set lo up; ip link set eth0 up; ip addr add 10.0.0.20/24 dev eth0; ip addr add 10.0.0.21/24 dev eth0
     ip addr add fd00::20/64 dev eth0 nodad; ip addr add fd00::21/64 dev eth0 nodad`,
  );
  const config = `global\n  stats socket /run/pf-${tag}.sock\ndefaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\nfrontend f\n  bind :::80 v4v6\n  bind :::81 v4v6\n  http-request return status 200\n`;
  for (const name of [netns.server, netns.client]) {
    within(
      name,
      `cat > /tmp/${name}.cfg; haproxy -D -p /tmp/${name}.pid -f /tmp/${name}.cfg`,
      config.replace(tag, name),
    );
  }
});

afterAll(() => {
  for (const name of [netns.server, netns.client]) {
    spawnSync('sh', ['-c', `kill -9 $(cat /tmp/${name}.pid); rm -f /tmp/${name}.* /run/pf-${name}.sock`]);
  }
  for (const name of Object.values(netns)) spawnSync('ip', ['netns', 'delete', name]);
});

describe('a filtered port', () => {
  it('can be had on this kernel', async () => {
    expect(await canFilterPorts()).toBe(true);
  });

  it('lets in what the rules say, from where they say, over both protocols', () => {
    apply(
      filterScript(tag, [
        { id: port, rules: [{ protocol: 'tcp', port: 80, sources: ['10.0.0.20/32', 'fd00::20/128'] }] },
      ]),
    );
    expect(get(netns.client, '10.0.0.20', 'http://10.0.0.10:80/')).toBe(0);
    expect(get(netns.client, 'fd00::20', 'http://[fd00::10]:80/')).toBe(0);
    expect(get(netns.client, '10.0.0.20', 'http://10.0.0.10:81/')).toBe(28);
    expect(get(netns.client, '10.0.0.21', 'http://10.0.0.10:80/')).toBe(28);
    expect(get(netns.client, 'fd00::21', 'http://[fd00::10]:80/')).toBe(28);
    // The host itself is a sender like others.
    expect(get(netns.bridge, '10.0.0.1', 'http://10.0.0.10:80/')).toBe(28);
  });

  it('brings back what the host behind it asked for', () => {
    expect(get(netns.server, '10.0.0.10', 'http://10.0.0.20:80/')).toBe(0);
  });

  it('has the last rules only, and takes the same script twice', () => {
    const script = filterScript(tag, [{ id: port, rules: [{ protocol: 'tcp', port: 81, sources: null }] }]);
    apply(script);
    apply(script);
    expect(get(netns.client, '10.0.0.21', 'http://10.0.0.10:81/')).toBe(0);
    expect(get(netns.client, '10.0.0.20', 'http://10.0.0.10:80/')).toBe(28);
  });

  it('is open again when it is forgotten, which may happen twice and before it was known', () => {
    for (const id of [port, port, randomUUID()]) apply(unfilterScript(tag, id));
    expect(get(netns.client, '10.0.0.21', 'http://10.0.0.10:80/')).toBe(0);
  });
});

it('takes no text for an address', () => {
  for (const source of ['any', '1.2.3.4/24 accept; drop', '::1%eth0', '1.2.3.4/x']) {
    expect(() => filterScript(tag, [{ id: port, rules: [{ protocol: 'tcp', port: 1, sources: [source] }] }])).toThrow(
      /not a CIDR/,
    );
  }
});
