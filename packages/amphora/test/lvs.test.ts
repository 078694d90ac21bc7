/** UDP and SCTP listeners: from configuration, kernel table and counters to a heartbeat. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../src/health/counters.ts';
import type { Reading, Totals } from '../src/health/statistics.ts';
import { createLog } from '../src/log.ts';
import { readConfiguration } from '../src/lvs/configuration.ts';
import { readingOf } from '../src/lvs/statistics.ts';
import { type Kernel, parseTable, parseTotals } from '../src/lvs/table.ts';
import { LISTENER, MEMBER, POOL } from './support/configurations.ts';

const OTHER = '33333333-3333-4333-8333-333333333334';
const GONE = '33333333-3333-4333-8333-333333333335';
const OFF = '33333333-3333-4333-8333-333333333336';
const BACKUP = '33333333-3333-4333-8333-333333333337';

const CONFIGURATION = `global_defs {
    script_user root root
    enable_script_security
}

virtual_server_group ipv4-group {
    10.77.0.10 53
    10.78.0.10 53
}

virtual_server group ipv4-group {
    lb_algo wrr
    lb_kind NAT
    protocol UDP
    # Configuration for Pool ${POOL}
    # Member ${OFF} is disabled
    # Configuration for Member ${MEMBER}
    real_server 10.77.0.1 8080 {
        weight 1
        MISC_CHECK {
            misc_path "/check 10.77.0.1 8080 2"
            delay_loop 5
        }
    }
    # Configuration for Member ${GONE}
    real_server 10.77.0.2 8080 {
        weight 2
        UDP_CHECK {
            connect_ip 10.99.0.1
        }
    }
    # Configuration for Member ${BACKUP}
    sorry_server 10.77.0.3 8080
}

virtual_server_group ipv6-group {
    fd77:0::10 53
}

virtual_server group ipv6-group {
    lb_algo lc
    lb_kind NAT
    protocol UDP
    # Configuration for Pool ${POOL}
    # Configuration for Member ${OTHER}
    real_server fd77::1 8080 {
        weight 0
    }
}
`;

/** As Linux 6.1 and ipvsadm 1.31 write them; what follows the connections is padded with blanks. */
const TABLE = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  [fd77:0000:0000:0000:0000:0000:0000:0010]:0035 lc persistent 2500 80000000
  -> [fd77:0000:0000:0000:0000:0000:0000:0001]:1F90      Masq    0      0          4         
UDP  0A4D000A:0035 wrr  
  -> 0A4D0001:1F90      Masq    1      1          2         
SCTP 0A4D000A:0035 sh  
`;
const STATISTICS = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
UDP  10.77.0.10:53                      12       40       39     5000     7000
  -> 10.77.0.1:8080                      9       30       30     4000     6000
UDP  [fd77::10]:53                       3        4        4      100      200
  -> [fd77::1]:8080                      3        4        4      100      200
`;

const kernel: Kernel = { askedAt: 7, table: parseTable(TABLE), totals: parseTotals(STATISTICS) };

describe('the configuration', () => {
  const read = readConfiguration(CONFIGURATION);

  test('names services, pools and members', () => {
    expect(read.services).toEqual(['UDP 10.77.0.10:53', 'UDP 10.78.0.10:53', 'UDP [fd77::10]:53']);
    expect([...read.pools]).toEqual([
      [
        POOL,
        [
          { id: OFF, endpoint: null, checked: false, backup: false },
          { id: MEMBER, endpoint: '10.77.0.1:8080', checked: true, backup: false },
          { id: GONE, endpoint: '10.77.0.2:8080', checked: true, backup: false },
          { id: BACKUP, endpoint: '10.77.0.3:8080', checked: false, backup: true },
          { id: OTHER, endpoint: '[fd77::1]:8080', checked: false, backup: false },
        ],
      ],
    ]);
    expect([read.protocol, read.balances]).toEqual(['UDP', true]);
  });

  test.each([
    ['', 'UDP', false, 0],
    ['virtual_server_group g {\n  10.0.0.1 5\n}\n', 'UDP', false, 0],
    ['virtual_server_group g {\n  10.0.0.1 5\n}\nvirtual_server group g {\n  protocol SCTP\n}\n', 'SCTP', true, 1],
    ['virtual_server_group g {\n  nonsense 5\n}\nvirtual_server group g {\n}\n', 'UDP', true, 0],
  ])('%j', (text, protocol, balances, services) => {
    const { services: names, ...rest } = readConfiguration(text);
    expect([rest.protocol, rest.balances, names.length]).toEqual([protocol, balances, services]);
  });
});

describe('a configuration whose addresses are servers of their own', () => {
  test('names all of them, and each member', () => {
    const server = (address: string): string => `virtual_server ${address} 53 {
    protocol SCTP
    # Configuration for Pool ${POOL}
    # Configuration for Member ${MEMBER}
    real_server 10.77.0.1 8080 {
    }
}
`;
    const read = readConfiguration(`${server('10.77.0.10')}${server('fd77:0::10')}`);
    expect([read.balances, read.services]).toEqual([true, ['SCTP 10.77.0.10:53', 'SCTP [fd77::10]:53']]);
    const { pools } = readingOf(LISTENER, read, { askedAt: 0, table: new Map(), totals: new Map() }, 'w');
    expect(pools[`${POOL}:${LISTENER}`]).toEqual({ status: 'DOWN', members: { [MEMBER]: 'DOWN' } });
  });
});

test('a configuration without a pool names its protocol in a comment', () => {
  const text = 'global_defs {\n    # Protocol SCTP\n}\n\nvirtual_server_group ipv4-group {\n    10.77.0.10 53\n}\n';
  expect(readConfiguration(text)).toMatchObject({ protocol: 'SCTP', services: [], balances: false });
});

describe('the kernel', () => {
  test('its table', () => {
    expect([...kernel.table].map(([name, members]) => [name, [...members]])).toEqual([
      ['UDP [fd77::10]:53', [['[fd77::1]:8080', { weight: 0, active: 0, inactive: 4 }]]],
      ['UDP 10.77.0.10:53', [['10.77.0.1:8080', { weight: 1, active: 1, inactive: 2 }]]],
      ['SCTP 10.77.0.10:53', []],
    ]);
  });

  test('its counters, of services alone', () => {
    expect([...kernel.totals]).toEqual([
      ['UDP 10.77.0.10:53', { connections: 12, bytesIn: 5000, bytesOut: 7000 }],
      ['UDP [fd77::10]:53', { connections: 3, bytesIn: 100, bytesOut: 200 }],
    ]);
  });
});

describe('a reading', () => {
  test('joins both by address and port', () => {
    expect(readingOf(LISTENER, readConfiguration(CONFIGURATION), kernel, 'w')).toEqual({
      worker: 'w',
      askedAt: 7,
      listeners: {
        [LISTENER]: {
          status: 'OPEN',
          stats: { rx: 5100, tx: 7200, totconns: 15, ereq: 0, conns: 7 },
          counters: {
            'UDP 10.77.0.10:53': { rx: 5000, tx: 7000, totconns: 12, ereq: 0 },
            'UDP [fd77::10]:53': { rx: 100, tx: 200, totconns: 3, ereq: 0 },
          },
        },
      },
      pools: {
        [`${POOL}:${LISTENER}`]: {
          status: 'UP',
          members: { [OFF]: 'MAINT', [MEMBER]: 'UP', [GONE]: 'DOWN', [BACKUP]: 'no check', [OTHER]: 'DRAIN' },
        },
      },
    });
  });

  const of = (text: string, table: string) => {
    const read = readConfiguration(text);
    return readingOf(LISTENER, read, { askedAt: 7, table: parseTable(table), totals: new Map() }, 'w').pools[
      `${POOL}:${LISTENER}`
    ];
  };
  const without = (...lines: string[]): string =>
    TABLE.split('\n')
      .filter((line) => !lines.some((word) => line.includes(word)))
      .join('\n');

  test('a pool whose members are all gone or drained is down, one that never had any is not', () => {
    expect(of(CONFIGURATION, without('0A4D0001'))?.status).toBe('DOWN');
    const empty = CONFIGURATION.replaceAll(/ +(real_server|sorry_server)[^}]*(\}\s+\})?|.*(Member|weight).*/g, '');
    expect(of(empty, TABLE)).toEqual({ status: 'UP', members: {} });
  });

  test('a server of last resort that works keeps the pool up', () => {
    const table = TABLE.replace('0A4D0001:1F90', '0A4D0003:1F90');
    expect(of(CONFIGURATION, table)).toMatchObject({ status: 'UP', members: { [MEMBER]: 'DOWN' } });
  });

  test('associations of SCTP that have ended are not open', () => {
    const swap = (text: string): string =>
      text.replaceAll(/^UDP /gm, 'SCTP').replaceAll('protocol UDP', 'protocol SCTP');
    const read = readConfiguration(swap(CONFIGURATION));
    const table = parseTable(swap(TABLE).replace('SCTP 0A4D000A:0035 sh  \n', ''));
    const reading = readingOf(LISTENER, read, { askedAt: 7, table, totals: new Map() }, 'w');
    expect(reading.listeners[LISTENER]?.stats.conns).toBe(1);
  });
});

describe('counters of services', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'amphora-lvs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const log = createLog(
    () => false,
    () => true,
  );
  const totals = (totconns: number): Totals => ({ tx: totconns * 10, rx: totconns, totconns, ereq: 0 });
  const reading = (worker: string, services: Record<string, number>): Reading => {
    const counters = Object.fromEntries(Object.entries(services).map(([name, n]) => [name, totals(n)]));
    const stats = { ...totals(Object.values(services).reduce((sum, n) => sum + n, 0)), conns: 0 };
    return { worker, listeners: { [LISTENER]: { status: 'OPEN', stats, counters } }, pools: {} };
  };

  test('a service that goes takes nothing away, one that comes back begins at zero', async () => {
    const counters = await Counters.load(folder, log, 0);
    const flows = (services: Record<string, number>, worker = 'a'): number => {
      counters.absorb(reading(worker, services));
      return counters.take(LISTENER).totconns;
    };
    expect(flows({ four: 10, six: 5 })).toBe(15);
    expect(flows({ four: 12, six: 5 })).toBe(2);
    expect(flows({ four: 12 })).toBe(0);
    expect(flows({ four: 13, six: 7 })).toBe(8);
    expect(flows({ four: 20, six: 20 }, 'b')).toBe(40);
  });

  test('a reading that was overtaken by a later one counts nothing', async () => {
    const counters = await Counters.load(folder, log, 0);
    const absorb = (askedAt: number, n: number): void => counters.absorb({ ...reading('a', { four: n }), askedAt });
    absorb(1, 10);
    absorb(3, 16);
    absorb(2, 12);
    expect(counters.take(LISTENER).totconns).toBe(16);
    absorb(4, 17);
    expect(counters.take(LISTENER).totconns).toBe(1);
  });

  test('what could not be sent and what the agent has saved is sent later, once', async () => {
    const counters = await Counters.load(folder, log, 0);
    counters.absorb(reading('a', { four: 10, six: 5 }));
    counters.giveBack(LISTENER, counters.take(LISTENER));
    await counters.save();
    const later = await Counters.load(folder, log, 0);
    later.absorb(reading('a', { four: 11, six: 5 }));
    expect(later.take(LISTENER)).toEqual(totals(16));
    later.retain(new Set([LISTENER]));
    later.absorb(reading('a', { four: 11, six: 5 }));
    expect(later.take(LISTENER)).toEqual(totals(0));
    later.retain(new Set());
    later.absorb(reading('a', { four: 11, six: 5 }));
    expect(later.take(LISTENER)).toEqual(totals(16));
  });
});
