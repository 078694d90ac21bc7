// Node dependencies: installed, and the ones of package-lock.json.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { join } = require('node:path');
const { BootstrapError } = require('./error.cjs');
const { systemNode } = require('./system-node.cjs');

/** Installs when node_modules does not match package-lock.json. A stamp makes the usual case one hash. */
function ensureDependencies(root) {
  const lockText = fs.readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lockText).digest('hex');
  if (isStamped(root, hash)) return;
  withLock(join(root, '.octavia'), () => {
    // Another process may have done it meanwhile, or somebody ran `npm ci` by hand.
    if (isStamped(root, hash)) return;
    if (!matches(root, JSON.parse(lockText))) install(root);
    fs.writeFileSync(stampFile(root), hash);
  });
}

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

function install(root) {
  process.stderr.write('Installing the Node dependencies of package-lock.json (npm ci) ...\n');
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

/** Runs the work while holding an exclusive lock file; a lock of a process that is gone is taken over. */
function withLock(folder, work) {
  fs.mkdirSync(folder, { recursive: true });
  const file = join(folder, 'install.lock');
  let told = false;
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw new BootstrapError(`${file} could not be written: ${error.message}.`);
    }
    if (isAbandoned(file)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write('Waiting for another installation of the Node dependencies to finish ...\n');
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function isAbandoned(file) {
  try {
    const pid = Number(fs.readFileSync(file, 'utf8'));
    // Empty for an instant between creation and write: not abandoned, unless it stays so.
    if (pid === 0) return Date.now() - fs.statSync(file).mtimeMs > 5000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH' || error.code === 'ENOENT';
  }
}

module.exports = { ensureDependencies, pinnedNode };
