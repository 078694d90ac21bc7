import { describe, expect, it } from 'vitest';
import { resolvePools, type TreePool } from '../../src/domain/validation/tree-pools.ts';
import { aPool } from '../support/store.ts';

const { id: _, loadBalancerId: __, ...rest } = aPool('lb');
const { projectId, provisioningStatus, operatingStatus, statusReason, statusCode, createdAt, updatedAt, ...options } =
  rest;
const reference = (name: string): TreePool => ({
  ...options,
  name,
  protocol: null,
  lbAlgorithm: null,
  members: [],
  healthmonitor: null,
});
const definition = (name: string): TreePool => ({ ...reference(name), protocol: 'HTTP', lbAlgorithm: 'ROUND_ROBIN' });

describe('pools of a fully populated create', () => {
  it('resolves references to one definition', () => {
    const resolved = resolvePools([definition('a')], [reference('a'), null, definition('b'), reference('b')]);
    expect(resolved.definitions.map((pool) => pool.name)).toEqual(['a', 'b']);
    expect(resolved.inlinePools).toEqual([0, null, 1, 1]);
  });

  it('accepts one unnamed pool at the top', () => {
    expect(resolvePools([definition('')], []).definitions).toHaveLength(1);
  });

  it.each([
    [[definition(''), definition('')], [], 'Pools must be named when creating a fully populated loadbalancer.'],
    [[], [definition('')], 'Pools must be named when creating a fully populated loadbalancer.'],
    [[definition('a')], [definition('a')], 'Pool names must be unique when creating a fully populated loadbalancer.'],
    [[], [reference('a')], "Pool 'a' was referenced but no full definition was found."],
    [[{ ...definition('a'), protocol: null }], [], "Pool definition for 'a' missing required attribute: protocol"],
    [
      [{ ...definition('a'), lbAlgorithm: null }],
      [],
      "Pool definition for 'a' missing required attribute: lb_algorithm",
    ],
    [[{ ...reference('a'), tags: ['x'] }], [], "Pool definition for 'a' missing required attribute: protocol"],
  ])('refuses %#', (topLevel, defaults, message) => {
    expect(() => resolvePools(topLevel, defaults)).toThrow(`Validation failure: ${message}`);
  });
});
