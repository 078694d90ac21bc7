// apt-get, patient with whoever uses it already: a new machine installs its updates by itself just when somebody tries it.
'use strict';
const { spawnSync } = require('node:child_process');
const { BootstrapError } = require('./error.cjs');

const PATIENCE_MS = 15 * 60_000;
const LOCKED = /Could not get lock (\S+?)\.?\s(?:It is held by process (\d+) \((.*?)\))?/;

/** Four locks are taken one after the other, and only one of them apt-get would wait for. */
const PROCESS = {
  run: (args, env) =>
    spawnSync('apt-get', args, { encoding: 'utf8', env, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 26 }),
  // A program, so that Ctrl-C ends it; a wait inside this process would not notice.
  pause: () => spawnSync('sleep', ['2']).signal,
  now: () => performance.now(),
};

/**
 * @param say tells the person who waits
 * @param system starts the program and waits; replaced in tests
 */
function aptGet(args, say, system = PROCESS) {
  const until = system.now() + PATIENCE_MS;
  // The texts that are looked for are the ones without translation.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  let told = null;
  for (;;) {
    const { status, stderr, error, signal } = system.run(args, env);
    if (status === 0) return;
    if (signal) throw new BootstrapError(`apt-get ${args[0]} was ended by ${signal}.`);
    const text = `${stderr ?? ''}`.trim();
    const locked = LOCKED.exec(`${text} `);
    if (locked === null) {
      throw new BootstrapError(
        `apt-get ${args[0]} failed: ${text.split('\n').at(-1) || error?.message || 'no reason given'}`,
      );
    }
    const holder = locked[2] === undefined ? locked[1] : `${locked[3]}, process ${locked[2]}`;
    if (system.now() > until) {
      throw new BootstrapError(
        `apt-get ${args[0]}: another package manager (${holder}) has been at work for a quarter of an hour. Let it finish, or end it, and run the command again.`,
      );
    }
    if (holder !== told) say(`waiting for another package manager to finish (${holder}) ...`);
    told = holder;
    const interrupted = system.pause();
    if (interrupted) throw new BootstrapError(`Ended by ${interrupted} while another package manager was at work.`);
  }
}

module.exports = { aptGet };
