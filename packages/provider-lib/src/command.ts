#!/usr/bin/env node
/** `octavia-provider`: what the author of a driver calls. */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { DriverLog } from './driver-context.ts';
import { driverServer } from './driver-server.ts';
import { findDriver, makeDriver, socketsIn } from './load-driver.ts';

const USAGE = `octavia-provider conformance DRIVER [options] [-- COMMAND...]
octavia-provider serve DRIVER --socket PATH [--name NAME] [--sockets FOLDER]

conformance calls every method of a driver and prints what it thinks of it. DRIVER is the name or folder of an npm package, the file
of a module, or the address of a driver that speaks the driver protocol: unix:/path or https://host:port. Exit code: 0 where the driver
keeps the contract, 1 where it does not, 2 where it cannot be found.

  --name NAME         which driver of the package; it may be left out where there is one
  --json              results for programs
  --silent            the driver reports nothing: whoever calls it ends its changes, as the no-op driver
  --deadline MS       of a call, 10000 by default
  --settle MS         within which a change is reported as ended, 30000 by default
  --sockets FOLDER    where the kit opens the sockets of the driver agent: status.sock, stats.sock, get.sock
  --set FIELD=VALUE   in place of what the kit makes up: vip_address, vip_network_id, vip_port_id, vip_subnet_id, member_address,
                      member_subnet_id. May be repeated
  --only NAME         a case, or all cases of a method; name those that they build on, too. May be repeated
  --ca, --certificate, --key FILE   for https: PEM files
  -- COMMAND...       starts the driver at the address, and starts it again when it ends

serve makes a driver in a process of its own and serves it over the driver protocol, as [api_settings] remote_provider_drivers wants it.
`;

const GIVEN = ['vip_address', 'vip_network_id', 'vip_port_id', 'vip_subnet_id', 'member_address', 'member_subnet_id'];

/** A mistake of whoever calls, in words. */
class Mistake extends Error {}

function readArguments(argv: readonly string[]) {
  const end = argv.indexOf('--');
  const command = end < 0 ? undefined : argv.slice(end + 1);
  try {
    const { values, positionals } = parseArgs({
      args: [...(end < 0 ? argv : argv.slice(0, end))],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        json: { type: 'boolean', default: false },
        silent: { type: 'boolean', default: false },
        deadline: { type: 'string' },
        settle: { type: 'string' },
        sockets: { type: 'string' },
        socket: { type: 'string' },
        child: { type: 'boolean', default: false },
        set: { type: 'string', multiple: true, default: [] },
        only: { type: 'string', multiple: true },
        ca: { type: 'string' },
        certificate: { type: 'string' },
        key: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { values, positionals, command };
  } catch (error) {
    throw new Mistake((error as Error).message);
  }
}

type Values = ReturnType<typeof readArguments>['values'];

function milliseconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Mistake(`--${name} is a number of milliseconds, not ${text}.`);
  return Number(text);
}

function givenOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [field = '', ...rest] = pair.split('=');
      if (!GIVEN.includes(field) || rest.length === 0)
        throw new Mistake(`--set takes ${GIVEN.join(', ')}, not ${pair}.`);
      return [field, rest.join('=')];
    }),
  );
}

async function conformance(target: string, values: Values, command: readonly string[] | undefined): Promise<number> {
  // A driver that is served needs nothing of it.
  const { lineOf, runConformance, summaryOf } = await import('./conformance/index.ts');
  const { json, name, silent, sockets, ca, certificate, key } = values;
  const [deadlineMs, settleMs] = [milliseconds('deadline', values.deadline), milliseconds('settle', values.settle)];
  const results = await runConformance({
    ...{
      target,
      name,
      sockets,
      command,
      isSilent: silent,
      tls: { ca, certificate, key },
      given: givenOf(values.set),
      only: values.only,
    },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(settleMs === undefined ? {} : { settleMs }),
  });
  const text = json ? JSON.stringify(results, null, 2) : [...results.map(lineOf), '', summaryOf(results)].join('\n');
  process.stdout.write(`${text}\n`);
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

/** Ends with SIGTERM, and as a child with its standard input, which whoever started it holds. */
async function serve(target: string, { name, socket, sockets, child }: Values): Promise<number> {
  if (socket === undefined) throw new Mistake('serve needs --socket PATH.');
  const found = findDriver(target, name);
  const say = (level: string) => (text: string) => void process.stderr.write(`${level}: ${text}\n`);
  const log: DriverLog = { info: say('info'), warn: say('warning'), error: say('error') };
  const context = { name: found.name, sockets: socketsIn(sockets ?? '/var/run/octavia'), log };
  const server = driverServer(await makeDriver(found, context));
  rmSync(socket, { force: true });
  const mask = process.umask(0o177);
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(socket, listening));
  process.umask(mask);
  await new Promise<void>((told) => {
    process.once('SIGTERM', () => told());
    if (child) process.stdin.once('end', () => told()).resume();
  });
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals, command } = readArguments(argv);
  const [action, target, ...more] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (target === undefined || more.length > 0) throw new Mistake(USAGE);
  if (action === 'conformance') return await conformance(target, values, command);
  if (action === 'serve') return await serve(target, values);
  throw new Mistake(`There is no command ${action}.\n\n${USAGE}`);
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  // What a driver raises while it is made is for its author, with where it came from.
  process.stderr.write(`${error instanceof Mistake ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(2);
}
