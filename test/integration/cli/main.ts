/**
 * `npm run test:cli`: octavia against the openstack client of Debian. The parser against argparse, the formatters against
 * cliff, both on what chance makes; command lines by both; and what is recorded for `npm test`.
 * `-- --record` writes the recordings anew.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installClients } from '../clients/packages.ts';
import { compareFormats } from './formats.ts';
import { compareLines, theirLines } from './lines.ts';
import { compareParsers } from './parsers.ts';
import { Python } from './python.ts';
import { compareRecordings } from './recordings.ts';
import { Report } from './report.ts';

const RUNS = 2_000;

installClients();
const home = mkdtempSync(join(tmpdir(), 'octavia-cli-'));
const python = new Python(home);
const report = new Report();
try {
  await compareRecordings(python, report, process.argv.includes('--record'));
  await compareLines(await theirLines(python), report);
  await compareParsers(python, report, RUNS);
  await compareFormats(python, report, RUNS);
} finally {
  python.stop();
  rmSync(home, { recursive: true, force: true });
}
report.summary();
process.exitCode = report.failed === 0 ? 0 : 1;
