import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('runs on a kernel with IPVS and SCTP', () => {
  expect(readFileSync('/proc/net/ip_vs', 'utf8')).toContain('IP Virtual Server');
  expect(readFileSync('/proc/net/protocols', 'utf8')).toMatch(/^SCTP /m);
});
