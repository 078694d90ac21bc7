'use strict';
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { dirname } = require('node:path');
const { BootstrapError } = require('./error.cjs');

const LOOK_EVERY_MS = 200;

/** Runs the work while holding a lock file; the lock of a process that is gone is taken over. @param waiting said once */
function withLock(file, waiting, work) {
  let told = false;
  while (!tryLock(file)) {
    if (!told) waiting();
    told = true;
    sleep(LOOK_EVERY_MS);
  }
  try {
    return work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** The file appears with its content: it is written under another name and linked into place. */
function tryLock(file) {
  const draft = `${file}.${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`);
    try {
      fs.linkSync(draft, file);
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    return discardAbandoned(file, draft) && tryLock(file);
  } catch (error) {
    throw new BootstrapError(`${file} could not be written: ${error.message}.`);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Two may find the same dead lock: whose rename takes a living one puts it back. */
function discardAbandoned(file, draft) {
  const found = read(file);
  if (found !== null && isHeld(found)) return false;
  const aside = `${draft}-aside`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return true;
    throw error;
  }
  try {
    if (read(aside) !== found) fs.linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  fs.rmSync(aside, { force: true });
  return true;
}

/** A pid alone is no process: it is given to another one later. */
function isHeld(text) {
  const [pid, start] = text.split(' ');
  const running = startOf(pid);
  return running !== null && running === start;
}

/** Clock ticks after boot; null for a process that is gone. */
function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null);
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

module.exports = { withLock };
