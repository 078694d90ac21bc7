import { describe, expect, it } from 'vitest';
import { LISTENER_PROTOCOLS, POOL_PROTOCOLS } from '../../src/domain/resources.ts';
import { checkPortFree } from '../../src/domain/validation/listener-port.ts';
import { checkPoolFitsListener } from '../../src/domain/validation/protocols.ts';

/** The matrix as the contract prints it: rows are pools, columns the listener protocols in order. */
const MATRIX: Record<string, string> = {
  HTTP: 'yy-y---',
  HTTPS: 'y-y----',
  PROXY: 'yyyy---',
  PROXYV2: 'yyyy---',
  TCP: 'y-y----',
  UDP: '----y--',
  SCTP: '-----y-',
};

const cells = POOL_PROTOCOLS.flatMap((pool) =>
  LISTENER_PROTOCOLS.map((listener, column) => ({ pool, listener, fits: MATRIX[pool]?.[column] === 'y' })),
);

describe('protocol matrix', () => {
  it.each(cells)('a $pool pool under a $listener listener: $fits', ({ pool, listener, fits }) => {
    const check = () => checkPoolFitsListener(pool, listener);
    if (fits) return expect(check).not.toThrow();
    expect(check).toThrow(
      listener === 'PROMETHEUS'
        ? 'Protocol PROMETHEUS listeners cannot have child objects.'
        : `Validation failure: The pool protocol '${pool}' is invalid while the listener protocol is '${listener}'.`,
    );
  });
});

describe('port uniqueness', () => {
  it.each([
    ['HTTP', 'TERMINATED_HTTPS', true],
    ['TCP', 'PROMETHEUS', true],
    ['UDP', 'TCP', false],
    ['UDP', 'SCTP', false],
    ['SCTP', 'SCTP', true],
  ] as const)('%s beside %s on one port: taken = %s', (protocol, existing, taken) => {
    const check = () => checkPortFree({ protocol, protocolPort: 80 }, [{ protocol: existing, protocolPort: 80 }]);
    if (!taken) return expect(check).not.toThrow();
    expect(check).toThrow(
      `Another Listener on this Load Balancer is already using protocol ${existing} and protocol_port 80`,
    );
  });
});
