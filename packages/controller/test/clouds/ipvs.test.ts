import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ipvsMissing } from '../../src/clouds/compute/local/ipvs.ts';

it('says what the kernel lacks and what to do, until the module is loaded', () => {
  const table = join(tmpdir(), `ip_vs-${process.pid}`);
  expect(ipvsMissing(table)).toMatch(/no IP Virtual Server \(IPVS\).* `modprobe ip_vs`/);
  writeFileSync(table, 'IP Virtual Server');
  try {
    expect(ipvsMissing(table)).toBeNull();
  } finally {
    rmSync(table);
  }
});
