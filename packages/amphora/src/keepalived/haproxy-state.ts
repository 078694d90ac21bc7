/**
 * Tells keepalived whether HAProxy serves. The agent, which asks each HAProxy every second anyway, writes what it knows
 * into a file that keepalived watches, so the VIPs move at once. The check script covers the time without an agent: it
 * costs one small shell, and fails for what the file says and for a HAProxy that is not alive.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { readIfPresent } from '../state/optional-file.ts';
import type { KeepalivedPaths } from './paths.ts';

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

/** Only shell built-ins: no process beside the shell itself. */
function checkScript(statePath: string, pidFiles: string[]): string {
  return `#!/bin/sh
# Written by the amphora agent: 0 while HAProxy serves, else 1.
alive() { read -r pid < "$1" && kill -0 "$pid"; } 2> /dev/null
read -r state < ${quoted(statePath)} && [ "$state" = 0 ] || exit 1
${pidFiles.map((path) => `alive ${quoted(path)} || exit 1\n`).join('')}exit 0
`;
}

export class HaproxyStateFile {
  readonly #paths: KeepalivedPaths;
  #down: boolean | null = null;
  #script = '';

  constructor(paths: KeepalivedPaths) {
    this.#paths = paths;
  }

  /** @param pidFiles of every HAProxy that should run */
  async report(down: boolean, pidFiles: string[]): Promise<void> {
    await mkdir(this.#paths.folder, { recursive: true, mode: 0o700 });
    const script = checkScript(this.#paths.haproxyState, pidFiles);
    if (script !== this.#script) {
      await writeFileAtomic(this.#paths.checkScript, script, 0o700);
      this.#script = script;
    }
    if (down === this.#down && (await readIfPresent(this.#paths.haproxyState)) !== null) return;
    // In place: keepalived watches this very file.
    await writeFile(this.#paths.haproxyState, down ? '1\n' : '0\n', { mode: 0o600 });
    this.#down = down;
  }
}
