// System packages the local cloud needs.
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { delimiter, isAbsolute, join } = require('node:path');
const { aptGet } = require('./apt.cjs');
const { BootstrapError } = require('./error.cjs');
const { withLock } = require('./lock.cjs');

/** Debian/Ubuntu package → the command it brings */
const PACKAGES = {
  haproxy: 'haproxy',
  keepalived: 'keepalived',
  bubblewrap: 'bwrap',
  nftables: 'nft',
  iproute2: 'ip',
  // The commands that `up` prints use it.
  curl: 'curl',
  // UDP and SCTP listeners need it.
  ipvsadm: 'ipvsadm',
  // PING health monitors run it.
  'iputils-ping': 'ping',
};
/**
 * The tests look at certificates with openssl, send logs through rsyslog, have nginx for a member and for the example of a provider,
 * memcached for tokens, RabbitMQ for a message bus that the library of OpenStack's services listens to, and the library that provider
 * drivers in Python are written with.
 */
const TEST_PACKAGES = {
  ...PACKAGES,
  openssl: 'openssl',
  rsyslog: 'rsyslogd',
  nginx: 'nginx',
  // It brings no command: the module with which nginx balances TCP.
  'libnginx-mod-stream': '/usr/lib/nginx/modules/ngx_stream_module.so',
  memcached: 'memcached',
  'rabbitmq-server': 'rabbitmq-server',
  'python3-oslo.messaging': 'oslo-messaging-send-notification',
  // It brings no command: a file of it.
  'python3-octavia-lib': '/usr/lib/python3/dist-packages/octavia_lib/__init__.py',
};
const WITH_SERVICE = ['haproxy', 'ipvsadm', 'keepalived', 'memcached', 'nginx', 'rabbitmq-server', 'rsyslog'];
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const POLICY_FILE = '/usr/sbin/policy-rc.d';
/** Of all checkouts of this host. */
const LOCK_FILE = '/run/octavia-packages.lock';

/** Whether the command makes real amphorae. */
function packagesWanted(command, args) {
  if (args.includes('--help') || args.includes('-h')) return false;
  if (command === 'octavia') return args[0] === 'up' && packagesWanted('up', args.slice(1));
  if (command === 'down') return false;
  return !args.some((arg, index) => arg === '--cloud=noop' || (arg === '--cloud' && args[index + 1] === 'noop'));
}

/** The packages that the npm script lacks. From now on commands are found in the folders of the system, too. */
function lackingPackages(command) {
  // `su` without `-` leaves the sbin folders out, and everything after this looks commands up by name.
  const path = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  process.env.PATH = [...path, ...SYSTEM_FOLDERS.filter((folder) => !path.includes(folder))].join(delimiter);
  return missingPackages(packagesOf(command));
}

/** @param say tells how it goes on */
function installPackages(command, say) {
  const missing = lackingPackages(command);
  const names = missing.join(', ');
  if (process.getuid?.() !== 0) {
    throw new BootstrapError(
      `Missing system packages: ${names}. Run the command as root, or install them: apt-get install ${missing.join(' ')}`,
    );
  }
  if (!isDebianFamily()) {
    throw new BootstrapError(
      `Missing system packages: ${names}. Install them with the package manager of this system.`,
    );
  }
  withLock(
    LOCK_FILE,
    () => say('waiting for another first run to finish ...'),
    () => {
      const still = lackingPackages(command);
      if (still.length > 0) installMissing(still, say);
    },
  );
  const lacking = lackingPackages(command);
  if (lacking.length > 0)
    throw new BootstrapError(`These system packages did not bring their commands: ${lacking.join(', ')}.`);
}

function installMissing(missing, say) {
  withoutStartingServices(() => {
    say('reading what there is (apt-get update) ...');
    aptGet(['update', '-q'], say);
    say(`apt-get install ${missing.join(' ')} ...`);
    aptGet(['install', '-y', '-q', '--no-install-recommends', ...missing], say);
  });
  // Amphorae start their own processes: the services that the packages enable stay off after a reboot, too.
  spawnSync('systemctl', ['disable', ...missing.filter((name) => WITH_SERVICE.includes(name))], {
    stdio: 'ignore',
  });
}

const packagesOf = (command) =>
  ['test', 'test:coverage', 'test:mutations'].includes(command) ? TEST_PACKAGES : PACKAGES;

function missingPackages(packages) {
  return Object.keys(packages).filter((name) => !findCommand(packages[name]));
}

function findCommand(name) {
  if (isAbsolute(name)) return fs.existsSync(name);
  return process.env.PATH.split(delimiter).some((folder) => {
    try {
      fs.accessSync(join(folder, name), fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function isDebianFamily() {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(fs.readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Debian starts the services of a package it installs, unless this file says no. */
function withoutStartingServices(work) {
  const ours = !fs.existsSync(POLICY_FILE);
  if (ours) fs.writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  // A Ctrl-C ends apt-get; this process goes on to remove the file.
  const keepGoing = () => {};
  process.on('SIGINT', keepGoing);
  process.on('SIGTERM', keepGoing);
  try {
    work();
  } finally {
    if (ours) fs.rmSync(POLICY_FILE, { force: true });
    process.removeListener('SIGINT', keepGoing);
    process.removeListener('SIGTERM', keepGoing);
  }
}

module.exports = { installPackages, lackingPackages, packagesWanted };
