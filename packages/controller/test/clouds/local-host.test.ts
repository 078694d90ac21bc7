import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostPathOf } from '../../src/clouds/compute/local/record.ts';
import { runTool } from '../../src/clouds/local-host/command.ts';
import { deterministicMac } from '../../src/clouds/local-host/deterministic-mac.ts';
import { describeInstance, hostInterface, readInstance, tagOf } from '../../src/clouds/local-host/instance.ts';
import { parseAddresses, parseLinks, parseRoutes } from '../../src/clouds/local-host/ip.ts';
import { withHostLock } from '../../src/clouds/local-host/lock.ts';
import { findProcesses, identify, isAlive, parseStat } from '../../src/clouds/local-host/process.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';

describe('what iproute2 prints', () => {
  it('as links', () => {
    const json =
      '[{},{"ifindex":4,"ifname":"oabc","flags":["BROADCAST","UP"],"master":"br","address":"fa:16:3e:00:00:01","ifalias":"octavia:/s"},{"ifindex":1,"ifname":"lo","flags":[]}]';
    expect(parseLinks(json)).toEqual([
      { index: 4, name: 'oabc', macAddress: 'fa:16:3e:00:00:01', up: true, master: 'br', alias: 'octavia:/s' },
      { index: 1, name: 'lo', macAddress: '', up: false, master: null, alias: null },
    ]);
    expect(parseLinks('')).toEqual([]);
  });

  it('as addresses', () => {
    const json = '[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8}]},{"ifname":"x","addr_info":[]}]';
    expect(parseAddresses(json)).toEqual([{ device: 'lo', address: '127.0.0.1/8' }]);
  });

  it('as routes', () => {
    const json =
      '[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},{"type":"unreachable","dst":"198.18.0.0/20","metric":4294967294,"flags":[]}]';
    expect(parseRoutes(json)).toEqual([
      { type: 'unicast', destination: 'default', device: 'eth0', metric: null },
      { type: 'unreachable', destination: '198.18.0.0/20', device: null, metric: 4294967294 },
    ]);
  });
});

describe('a command', () => {
  it('gives its output and reads its input', async () => {
    expect((await runTool(['cat'], { input: 'text' })).stdout).toBe('text');
  });

  it('says why it failed', async () => {
    await expect(runTool(['sh', '-c', 'echo why >&2; exit 3'])).rejects.toThrow(/ended with 3: why/);
    await expect(runTool(['sleep', '5'], { timeoutMs: 20 })).rejects.toThrow('"sleep 5" took longer than 20 ms');
    await expect(runTool(['no-such-tool'])).rejects.toThrow('no-such-tool is not installed');
  });
});

describe('a process', () => {
  it('is read from its stat file whatever its name', () => {
    const rest = Array.from({ length: 30 }, (_, index) => index + 4).join(' ');
    expect(parseStat(`77 (a) R (b) S ${rest}`)).toEqual({ state: 'S', startTime: 22 });
  });

  it('is itself only with its start time', () => {
    const self = identify(process.pid);
    expect(self && isAlive(self)).toBe(true);
    expect(self && isAlive({ ...self, startTime: self.startTime + 1 })).toBe(false);
    expect(findProcesses((args) => args[0] === process.argv[0]).map(({ pid }) => pid)).toContain(process.pid);
  });
});

describe('the lock', () => {
  it('lets one in at a time and is free after an error', async () => {
    let inside = 0;
    const enter = async (): Promise<number> => {
      inside += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return inside--;
    };
    const name = `test-${process.pid}`;
    await expect(withHostLock(name, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    expect(await Promise.all([1, 2, 3].map(() => withHostLock(name, enter)))).toEqual([1, 1, 1]);
  });

  it('gives up in time', async () => {
    const name = `test-held-${process.pid}`;
    const waiting = withHostLock(name, () => withHostLock(name, async () => 1, 30));
    await expect(waiting).rejects.toThrow('another process holds the lock');
  });
});

describe('an instance', () => {
  const instance = describeInstance({ tag: 'a1b2c3', stateDir: '/s', block: '198.18.16.0/20', netns: null });

  it('derives networks from tag and block', () => {
    expect(
      Object.values(instance.networks).map(({ bridge, subnet }) => [bridge, subnet.cidr, subnet.gatewayIp]),
    ).toEqual([
      ['oa1b2c3mgt', '198.18.16.0/22', '198.18.16.1'],
      ['oa1b2c3pub', '198.18.20.0/22', '198.18.20.1'],
      ['oa1b2c3prv', '198.18.24.0/22', '198.18.24.1'],
    ]);
    expect(instance.networks.public).toMatchObject({
      name: 'public-net',
      mtu: 1500,
      subnet: { name: 'public-subnet' },
    });
    expect(instance.ipv6Block).toBe('fda1:b2c3::/48');
    expect(Object.values(instance.networks).map(({ ipv6Subnet }) => ipv6Subnet?.cidr)).toEqual([
      undefined,
      'fda1:b2c3:0:1::/64',
      'fda1:b2c3:0:2::/64',
    ]);
    expect(instance.networks.public.ipv6Subnet).toMatchObject({
      name: 'public-subnet-ipv6',
      gatewayIp: 'fda1:b2c3:0:1::1',
    });
    const zeros = describeInstance({ ...instance, tag: 'a1000c' });
    expect(zeros.networks.private.ipv6Subnet?.cidr).toBe('fda1:c:0:2::/64');
    expect(instance.networks.public.id).toBe(deterministicUuid('a1b2c3', 'public-net'));
    expect(tagOf('/s')).toMatch(/^[0-9a-f]{6}$/);
  });

  it('names interfaces as long as the kernel allows', () => {
    const name = hostInterface('a1b2c3', '01234567-89ab-4cde-8f01-23456789abcd');
    expect(name).toBe('oa1b2c301234567');
    expect(name).toHaveLength(15);
  });

  it('is read from its state directory', async () => {
    const stateDir = await realpath(await mkdtemp(join(tmpdir(), 'octavia-instance-')));
    try {
      expect(await readInstance(stateDir)).toBeNull();
      await writeFile(join(stateDir, 'instance.json'), '{"tag":"a1b2c3","block":"198.18.16.0/20","netns":null}');
      expect(await readInstance(stateDir)).toEqual({ ...instance, stateDir });
      await writeFile(join(stateDir, 'instance.json'), '{"tag":"../"}');
      await expect(readInstance(stateDir)).rejects.toThrow('is damaged');
    } finally {
      await rm(stateDir, { recursive: true });
    }
  });
});

describe('derived ids', () => {
  it('look like what they stand for and repeat', () => {
    expect(deterministicUuid('a', 'b')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(deterministicUuid('a', 'b')).toBe(deterministicUuid('a', 'b'));
    expect(deterministicUuid('a', 'b')).not.toBe(deterministicUuid('ab', ''));
    expect(deterministicMac('x')).toMatch(/^fa:16:3e(:[0-9a-f]{2}){3}$/);
    expect(deterministicMac('x', 1)).not.toBe(deterministicMac('x'));
  });
});

describe('a file for an instance', () => {
  it.each([
    ['/etc/octavia/amphora-agent.conf', '/d/etc/amphora-agent.conf'],
    ['/etc/octavia/certs/server.pem', '/d/etc/certs/server.pem'],
    ['/var/lib/octavia/x', '/d/lib/x'],
  ])('%s lies in its directory', (path, expected) => {
    expect(hostPathOf('/d', path)).toBe(expected);
  });

  it.each(['/etc/passwd', '/etc/octavia', '/etc/octavia/', '/etc/octavia/../x', '/etc/octaviax/y', 'etc/octavia/z'])(
    '%s is refused',
    (path) => {
      expect(hostPathOf('/d', path)).toBeNull();
    },
  );
});
