#!/usr/bin/env node
// The one entry point of every npm script. Plain CommonJS without dependencies: it runs on any Node >= 20 before anything
// is installed, makes the checkout complete, and hands over to the pinned Node.
'use strict';
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { systemNode } = require('./bootstrap/system-node.cjs');

const ROOT = join(__dirname, '..');

/** command → entry point and its leading arguments */
const COMMANDS = {
  up: ['packages/controller/bin/octavia.ts', 'up'],
  down: ['packages/controller/bin/octavia.ts', 'down'],
  octavia: ['packages/controller/bin/octavia.ts'],
  demo: ['demo/main.ts'],
  test: ['scripts/test.ts'],
  'test:coverage': ['scripts/coverage.ts'],
  'test:keystone': ['test/integration/keystone/run.ts'],
  'test:clients': ['test/integration/clients/main.ts'],
  'test:clouds': ['test/integration/clouds/main.ts'],
  'test:cli': ['test/integration/cli/main.ts'],
  'test:openapi': ['test/integration/openapi/main.ts'],
  'test:tempest': ['test/integration/suites/main.ts', 'tempest'],
  'test:sdk': ['test/integration/suites/main.ts', 'sdk'],
  'test:openstack': ['test/integration/openstack/main.ts'],
  'test:ovn': ['test/integration/openstack/main.ts', 'ovn'],
  'test:providers': ['test/integration/providers/main.ts'],
  'test:agents': ['test/integration/agents/main.ts'],
  'test:vm': ['test/vm/main.ts'],
  'test:mutations': ['scripts/mutation-sample.ts'],
  build: ['scripts/build-packages.ts'],
  'bench:first': ['bench/first.ts'],
  'bench:api': ['bench/api.ts'],
  'bench:dataplane': ['bench/dataplane.ts'],
  'bench:cli': ['bench/cli.ts'],
  'bench:controller': ['bench/controller.ts'],
  'bench:openstack': ['bench/openstack.ts'],
  'bench:providers': ['bench/providers.ts'],
  'bench:console': ['bench/console.ts'],
};

// Type stripping still calls itself experimental; the flow engine's driver use is deprecated for a release to come.
// A smaller young generation (the default is 16 MB) saves memory; with 4 MB lists cost a quarter more processor time than
// with 8, for answers under way are copied again and again.
const FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=DeprecationWarning',
  '--max-semi-space-size=8',
];

// Unasked the old generation grows to several times what is in use: 300 MB of an API under load instead of 240, for no gain
// in speed. A health manager alone collects in one go what it would otherwise collect while heartbeats wait in the socket.
const SMALL_HEAP = ['--heap-growing-percent=40'];

function main() {
  const [command = '', ...args] = process.argv.slice(2);
  const entry = COMMANDS[command];
  if (!entry) fail(`Usage: node scripts/run.cjs <${Object.keys(COMMANDS).join('|')}> [arguments]`);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or newer and run the command again.`);

  const { dependenciesReady, ensureDependencies, pinnedNode } = require('./bootstrap/dependencies.cjs');
  const { installPackages, lackingPackages, packagesWanted } = require('./bootstrap/packages.cjs');
  const { Steps } = require('./bootstrap/steps.cjs');
  try {
    const lacking = packagesWanted(command, args) ? lackingPackages(command) : [];
    const ready = dependenciesReady(ROOT);
    const ahead = (lacking.length > 0 ? 1 : 0) + (ready ? 0 : 1);
    const steps = new Steps(ahead + (startsAll(command, args) ? STEPS_OF_UP : 0));
    if (lacking.length > 0) installPackages(command, steps.begin('system packages'));
    if (!ready) ensureDependencies(ROOT, steps.begin('Node dependencies'));
    run(pinnedNode(ROOT), entry, args, steps.done);
  } catch (error) {
    if (error.name === 'BootstrapError') fail(error.message);
    throw error;
  }
}

/** Whether what follows counts on: packages/controller/src/local/up/first-run.ts. */
const startsAll = (command, args) => command === 'up' || (command === 'octavia' && args[0] === 'up');
const STEPS_OF_UP = 2;

/** Runs the entry point in the foreground: same terminal, forwarded signals, same exit code. */
function run(node, [file, ...leading], args, stepsDone) {
  const flags = args[0] === 'health-manager' ? FLAGS : [...FLAGS, ...SMALL_HEAP];
  const child = spawn(node, [...flags, join(ROOT, file), ...leading, ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      // Before the first module: see packages/controller/bin/octavia.ts.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || join(ROOT, 'node_modules/.cache/octavia'),
      // Agents run on the Node that the host has: 8 MB each on Node 20 against 15 MB on the pinned one.
      OCTAVIA_AGENT_NODE: process.env.OCTAVIA_AGENT_NODE || systemNode(ROOT),
      ...(stepsDone > 0 ? { OCTAVIA_STEPS_DONE: String(stepsDone) } : {}),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

main();
