/** The operator's policy file: found, read, and read again when it changes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { statIfPresent } from '../../files/optional.ts';
import { PolicySyntaxError } from './parse.ts';

/** Where a relative `[oslo_policy] policy_file` is looked for. */
const FOLDER = '/etc/octavia';

/** Identity of a file's content; null when there is no file. */
function stamp(path: string): string | null {
  const found = statIfPresent(path);
  return found === null ? null : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
}

/** Loaded when there is a file: most installations have none, and every start would read its 72 modules. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml');

/** YAML, of which JSON is a part. @throws PolicySyntaxError */
export function parsePolicyFile(text: string): Record<string, unknown> {
  const { parse, YAMLParseError } = yaml();
  try {
    const rules: unknown = parse(text);
    if (rules === null) return {};
    if (typeof rules === 'object' && !Array.isArray(rules)) return rules as Record<string, unknown>;
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError) {
      throw new PolicySyntaxError(error.message.split('\n')[0]?.replace(/:$/, '') ?? 'not YAML');
    }
    throw error;
  }
  throw new PolicySyntaxError('it is not a table of rule names and rules');
}

export class PolicyFile {
  readonly path: string;
  #stamp: string | null | undefined;

  constructor(path: string) {
    this.path = resolve(FOLDER, path);
  }

  /**
   * The rules of the file when it changed since the last call; none when it is gone.
   * A file that is wrong is reported once, until it changes again.
   * @returns undefined when nothing changed
   * @throws PolicySyntaxError, or the error of the file system
   */
  changed(): Record<string, unknown> | undefined {
    const current = stamp(this.path);
    if (current === this.#stamp) return undefined;
    this.#stamp = current;
    return current === null ? {} : parsePolicyFile(readFileSync(this.path, 'utf8'));
  }
}
