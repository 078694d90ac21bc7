// Node dependencies: installed, and the ones of package-lock.json.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { join } = require('node:path');
const { BootstrapError } = require('./error.cjs');
const { withLock } = require('./lock.cjs');
const { systemNode } = require('./system-node.cjs');

/** Whether node_modules is known to be what package-lock.json wants. A stamp makes the usual case one hash. */
const dependenciesReady = (root) => isStamped(root, lockHash(root));

/** Installs when node_modules does not match package-lock.json. @param say tells how it goes on */
function ensureDependencies(root, say) {
  const hash = lockHash(root);
  if (isStamped(root, hash)) return;
  const waiting = () => say('waiting for another first run to finish ...');
  withLock(join(root, '.octavia', 'install.lock'), waiting, () => {
    // Another process may have done it meanwhile, or somebody ran `npm ci` by hand.
    if (isStamped(root, hash)) return;
    if (!matches(root, JSON.parse(readLock(root)))) install(root, say);
    fs.writeFileSync(stampFile(root), hash);
  });
}

const readLock = (root) => fs.readFileSync(join(root, 'package-lock.json'));
const lockHash = (root) => createHash('sha256').update(readLock(root)).digest('hex');
const stampFile = (root) => join(root, 'node_modules', '.octavia-lock-hash');

function isStamped(root, hash) {
  try {
    return fs.readFileSync(stampFile(root), 'utf8') === hash;
  } catch {
    return false;
  }
}

/** Compares the versions npm recorded for what is installed with the wanted ones. */
function matches(root, wanted) {
  let installed;
  try {
    installed = JSON.parse(fs.readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '' || !path.startsWith('node_modules/')) return true;
    if (installed[path]) return installed[path].version === entry.version;
    return entry.optional === true || entry.devOptional === true || entry.peer === true;
  });
}

function install(root, say) {
  say('npm ci ...');
  // Started by npm: the same npm. Otherwise the one on the PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [systemNode(root), [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (result.status !== 0) {
    const why = result.error ? result.error.message : `npm ci ended with exit code ${result.status}`;
    throw new BootstrapError(`The Node dependencies could not be installed: ${why}.`);
  }
}

/** @returns the path of the Node binary of the `node` package */
function pinnedNode(root) {
  const candidates = [
    join(root, 'node_modules', 'node', 'bin', 'node'),
    join(root, 'node_modules', 'node', 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'),
    join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'),
  ];
  const found = candidates.find((path) => fs.existsSync(path));
  if (found) return found;
  throw new BootstrapError(
    'The pinned Node is missing because npm ran no install scripts: run `npm rebuild node --ignore-scripts=false` and try again.',
  );
}

module.exports = { dependenciesReady, ensureDependencies, pinnedNode };
