'use strict';
const fs = require('node:fs');
const { delimiter, join, sep } = require('node:path');

/**
 * The Node that the host has. Not simply the one that runs us: `npm run` puts node_modules/.bin, and with it the pinned
 * Node, in front of everything.
 */
function systemNode(root, env = process.env, running = process.execPath) {
  const modules = join(root, 'node_modules') + sep;
  const isOutside = (path) => {
    try {
      fs.accessSync(path, fs.constants.X_OK);
      return !fs.realpathSync(path).startsWith(modules);
    } catch {
      return false;
    }
  };
  const onPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const candidates = [running, env.npm_node_execpath, ...onPath].filter(Boolean);
  return candidates.find(isOutside) ?? running;
}

module.exports = { systemNode };
