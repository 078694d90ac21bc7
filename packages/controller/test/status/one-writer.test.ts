/** Nothing but `status/writer.ts` assigns statuses of rows that exist, and nothing but `domain/` says which they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCES = join(import.meta.dirname, '../../src');
const COLUMN = '(?:provisioning_status|operating_status|status_reason|status_code|failed_operation_id)';
/** `set … status =`, up to the condition of the statement. */
const ASSIGNS = new RegExp(
  `\\bset\\b(?:(?!\\bwhere\\b|\\bfrom\\b|\\breturning\\b|;)[^\\x60])*?\\b${COLUMN}\\s*=(?!=)`,
  'i',
);
/** A field of an object that is made here. */
const NAMES = /\b(?:provisioningStatus|operatingStatus|statusReason|statusCode):\s*(?:'[A-Z_]+'|null)/;

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, '');
const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const found = (pattern: RegExp, allowed: RegExp): string[] =>
  files.filter(
    (file) => !allowed.test(file) && pattern.test(withoutComments(readFileSync(join(SOURCES, file), 'utf8'))),
  );

describe('statuses have one writer', () => {
  it('in SQL', () => {
    expect(found(ASSIGNS, /^status\/(writer|failures)\.ts$/)).toEqual([]);
  });

  it('in objects that are handed to the store', () => {
    expect(found(NAMES, /^domain\/status-transitions\.ts$/)).toEqual([]);
  });

  it.each([
    ['update pool set provisioning_status = $1 where id = $2', true],
    ['update pool x set name = $1,\n  operating_status = $1', true],
    ['set status_reason = null', true],
    ["update pool set name = $1 where provisioning_status = 'ACTIVE'", false],
    ["update pool set name = x.name from x where operating_status = 'ERROR'", false],
    ["select 1 from pool where provisioning_status = 'ACTIVE'", false],
  ])('sees what assigns: %s', (text, assigns) => {
    expect(ASSIGNS.test(text)).toBe(assigns);
  });

  it.each([
    ["{ provisioningStatus: 'PENDING_UPDATE' }", true],
    ['{ statusReason: null }', true],
    ['{ provisioningStatus: ProvisioningStatus }', false],
    ["provisioningStatus: 't.provisioning_status'", false],
  ])('sees what names a status: %s', (text, names) => {
    expect(NAMES.test(text)).toBe(names);
  });
});
