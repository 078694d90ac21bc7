/** A token in a file, so that the next program need not ask Keystone. It is as good as a password while it holds. */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudConfig } from './cloud-config.ts';
import type { Token, TokenStore } from './session.ts';

/**
 * One file for each way to log in: another password, project or Keystone has another. Only its owner may read it. What goes wrong
 * with the file is as if there were none.
 * @param folder is made where it is missing
 */
export function tokenFile(folder: string, { authType, auth }: Pick<CloudConfig, 'authType' | 'auth'>): TokenStore {
  const fields = Object.entries(auth).sort(([one], [other]) => (one < other ? -1 : 1));
  const name = createHash('sha256')
    .update(JSON.stringify([authType, fields]))
    .digest('hex');
  const path = join(folder, `token-${name}.json`);
  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as Token;
      } catch {
        return null;
      }
    },
    async save(token) {
      const fresh = `${path}.${randomUUID()}`;
      try {
        if (token === null) {
          await rm(path, { force: true });
          return;
        }
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // Whole or not at all, whoever else writes it.
        await writeFile(fresh, JSON.stringify(token), { mode: 0o600 });
        await chmod(fresh, 0o600);
        await rename(fresh, path);
      } catch {
        await rm(fresh, { force: true }).catch(() => undefined);
      }
    },
  };
}
