import { describe, expect, it } from 'vitest';
import { allowance, type BudgetLimits, isMassLoss, type ZoneHealth } from '../../src/health/failover-budget.ts';

const zone = (total: number, late = 0, name = 'a'): ZoneHealth => ({ zone: name, total, late, stale: late });
const none = { byZone: new Map<string, number>(), own: 0, lastMinute: 0 };
const limits: BudgetLimits = {
  threads: 1_000,
  massLossPercent: 50,
  budgetPercent: 10,
  zoneBudgetPercent: 20,
  ratePerMinute: 1_000,
};

describe('mass loss', () => {
  it.each([
    [[zone(100, 50)], false],
    [[zone(100, 51)], true],
    [[zone(1_000, 400, 'a'), zone(1_000, 0, 'b'), zone(1_000, 0, 'c')], false],
    [[zone(1_000, 1_000, 'a'), zone(1_000, 1_000, 'b'), zone(1_000, 0, 'c')], true],
    // One of one is no mass.
    [[zone(1, 1)], false],
    [[zone(9, 9)], false],
    [[zone(10, 10)], true],
    [[], false],
  ])('%j: %s', (zones, expected) => {
    expect(isMassLoss(zones, 50)).toBe(expected);
  });
});

describe('allowance', () => {
  it('is a share of the cloud, less what is under way', () => {
    expect(allowance([zone(1_000)], none, limits).count).toBe(100);
    expect(allowance([zone(1_000)], { ...none, byZone: new Map([['b', 30]]) }, limits).count).toBe(70);
    expect(allowance([zone(1_000)], { ...none, byZone: new Map([['b', 130]]) }, limits).count).toBe(0);
  });

  it('is three in the smallest cloud', () => {
    expect(allowance([zone(2)], none, limits).count).toBe(3);
  });

  it('keeps to the threads of this health manager and to the rate of all', () => {
    expect(allowance([zone(1_000)], { ...none, own: 8 }, { ...limits, threads: 10 }).count).toBe(2);
    expect(allowance([zone(1_000)], { ...none, lastMinute: 55 }, { ...limits, ratePerMinute: 60 }).count).toBe(5);
  });

  it('closes zones that have their share', () => {
    const zones = [zone(100, 100, 'a'), zone(100, 5, 'b')];
    const underWay = { ...none, byZone: new Map([['a', 20]]) };
    expect(allowance(zones, underWay, limits).fullZones).toEqual(['a']);
  });
});
