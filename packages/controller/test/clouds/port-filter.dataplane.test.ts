import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
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

const dgramOf = (address: string): string =>
  `const dgram = require('node:dgram').createSocket('${address.includes(':') ? 'udp6' : 'udp4'}');`;

/** Answers every datagram from the address that it came to. */
const echo = (address: string, at: number): string =>
  `{ ${dgramOf(address)} dgram.on('message', (text, from) => dgram.send(text, from.port, from.address)).bind(${at}, '${address}'); }`;

/** Sends a datagram and waits half a second for it to come back. */
function ask(from: string, source: string, target: string, at: number, bytes = 10): string {
  const script = `${dgramOf(source)}
    const end = (word) => { console.log(word); process.exit(); };
    dgram.on('message', (text) => end(text.length === ${bytes} ? 'answer' : 'another')).bind(0, '${source}', () => dgram.send(Buffer.alloc(${bytes}), ${at}, '${target}'));
    setTimeout(end, 500, 'silence');`;
  return execFileSync('ip', ['netns', 'exec', from, process.execPath, '-e', script], { encoding: 'utf8' }).trim();
}

/** Whether the head of an SCTP packet gets from the client to the server within a second. */
function sctpArrives(source: string, at: number): boolean {
  const socket = (address: string): string =>
    `use Socket; socket(my $s, AF_INET, SOCK_RAW, 132) or die; bind($s, pack_sockaddr_in(0, inet_aton('${address}')));`;
  const receive = `${socket('10.0.0.10')} alarm 1; $| = 1; print "ready\n";
    while (1) { recv($s, my $d, 100, 0); last if unpack('n', substr $d, 22) == ${at} } print 'arrived';`;
  const send = `${socket(source)}
    send($s, pack('nnNN', 40000, ${at}, 0, 0), 0, pack_sockaddr_in(0, inet_aton('10.0.0.10')));`;
  const told = `/tmp/${netns.server}.sctp`;
  const script = `perl -e "$RECEIVE" > ${told} & while ! grep -q ready ${told}; do sleep 0.02; done
    ip netns exec ${netns.client} perl -e "$SEND"; wait; cat ${told}`;
  const env = { ...process.env, RECEIVE: receive, SEND: send };
  const { stdout } = spawnSync('ip', ['netns', 'exec', netns.server, 'sh', '-c', script], { encoding: 'utf8', env });
  return stdout.includes('arrived');
}

const echoes: ChildProcess[] = [];

beforeAll(async () => {
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
  const places: [string, string[]][] = [
    [netns.server, ['10.0.0.10', 'fd00::10']],
    [netns.client, ['10.0.0.20', '10.0.0.21', 'fd00::20']],
  ];
  for (const [name, addresses] of places) {
    const script = addresses.flatMap((address) => [echo(address, 53), echo(address, 54)]).join('\n');
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', `${script}; console.log('ready')`]);
    echoes.push(child);
    await once(child.stdout, 'data');
  }
});

afterAll(() => {
  for (const child of echoes) child.kill('SIGKILL');
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

  describe('for UDP', () => {
    const open = (rules: Parameters<typeof filterScript>[1][0]['rules']) =>
      apply(filterScript(tag, [{ id: port, rules }]));

    it('lets in datagrams that the rules name, from where they say, over both protocols', () => {
      open([{ protocol: 'udp', port: 53, sources: ['10.0.0.20/32', 'fd00::20/128'] }]);
      expect(ask(netns.client, '10.0.0.20', '10.0.0.10', 53)).toBe('answer');
      expect(ask(netns.client, 'fd00::20', 'fd00::10', 53)).toBe('answer');
      expect(ask(netns.client, '10.0.0.21', '10.0.0.10', 53)).toBe('silence');
      expect(ask(netns.client, 'fd00::21', 'fd00::10', 53)).toBe('silence');
      expect(ask(netns.client, '10.0.0.20', '10.0.0.10', 54)).toBe('silence');
      open([{ protocol: 'tcp', port: 53, sources: null }]);
      expect(ask(netns.client, '10.0.0.20', '10.0.0.10', 53)).toBe('silence');
      open([{ protocol: 'udp', port: 53, sources: null }]);
      expect(ask(netns.client, '10.0.0.21', '10.0.0.10', 53)).toBe('answer');
    });

    it('lets in datagrams of several packets', () => {
      open([{ protocol: 'udp', port: 53, sources: ['10.0.0.20/32', 'fd00::20/128'] }]);
      expect(ask(netns.client, '10.0.0.20', '10.0.0.10', 53, 4000)).toBe('answer');
      expect(ask(netns.client, 'fd00::20', 'fd00::10', 53, 4000)).toBe('answer');
      expect(ask(netns.client, '10.0.0.21', '10.0.0.10', 53, 4000)).toBe('silence');
    });

    it('brings answers of members back, and of nobody else', () => {
      open([{ protocol: 'udp', port: 53, sources: ['10.0.0.99/32'] }]);
      expect(ask(netns.server, '10.0.0.10', '10.0.0.20', 53)).toBe('silence');
      open([
        { protocol: 'udp', port: null, sourcePort: 53, sources: ['10.0.0.20'] },
        { protocol: 'udp', port: null, sourcePort: 53, sources: ['fd00::20'] },
      ]);
      expect(ask(netns.server, '10.0.0.10', '10.0.0.20', 53)).toBe('answer');
      expect(ask(netns.server, 'fd00::10', 'fd00::20', 53)).toBe('answer');
      expect(ask(netns.server, '10.0.0.10', '10.0.0.21', 53)).toBe('silence');
      expect(ask(netns.server, '10.0.0.10', '10.0.0.20', 54)).toBe('silence');
    });
  });

  it('knows SCTP by its ports, on kernels too that do not speak it', () => {
    const rules = (sources: string[]) => [{ protocol: 'sctp' as const, port: 9000, sources }];
    apply(filterScript(tag, [{ id: port, rules: rules(['10.0.0.20/32']) }]));
    expect(sctpArrives('10.0.0.20', 9000)).toBe(true);
    expect(sctpArrives('10.0.0.20', 9001)).toBe(false);
    expect(sctpArrives('10.0.0.21', 9000)).toBe(false);
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
