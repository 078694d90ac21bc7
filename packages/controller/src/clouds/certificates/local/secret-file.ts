/** Files that are written once, completely or not at all, whoever else tries at the same time. */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';

/**
 * Puts the content at the path unless a file is there already; returns what the file then holds. `link` does both at once,
 * so of two processes one wins and both go on with the winner's content.
 */
export async function createOnce(path: string, content: string, mode: number): Promise<string> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
    return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFile(path, 'utf8');
  } finally {
    await rm(temporary, { force: true });
  }
}
