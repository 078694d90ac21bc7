/** Connections that cannot be made as they are described. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CloudConfigError, connect, nodeSend } from '../../src/keystone/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'connect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('files', () => {
  /** What is warned of, and then the error. */
  async function told(cloud: string, env: Record<string, string> = {}): Promise<string[]> {
    const sentences: string[] = [];
    const warn = (sentence: string): void => void sentences.push(sentence);
    const search = { env: { HOME: folder, ...env }, cwd: folder, home: folder };
    await connect({ ...search, options: { cloud }, warn }).catch((error: Error) => sentences.push(error.message));
    return sentences.map((sentence) => sentence.replaceAll(folder, ''));
  }

  it('that are broken are named before the cloud that is missing for it', async () => {
    file('clouds.yaml', 'clouds: [');
    expect(await told('a')).toEqual([expect.stringMatching(/^\/clouds.yaml is skipped: /), 'Cloud a was not found.']);
  });

  it('that stand within themselves are skipped', async () => {
    file('clouds.yaml', '&x {clouds: *x}');
    expect(await told('a')).toEqual([expect.stringMatching(/^\/clouds.yaml is skipped: /), 'Cloud a was not found.']);
  });

  it('that a variable names and that are not there', async () => {
    expect(await told('a', { OS_CLIENT_CONFIG_FILE: join(folder, 'none.yaml') })).toEqual([
      '/none.yaml is not there, although a variable names it.',
      'Cloud a was not found.',
    ]);
  });

  it.each(['toString', 'constructor', '__proto__'])('have no cloud %s by themselves', async (name) => {
    file('clouds.yaml', 'clouds: {a: {}}');
    expect(await told(name)).toEqual([`Cloud ${name} was not found. There are: a.`]);
  });
});

it.each([
  ['99999999999', 4_294_967],
  ['0', null],
  ['-1', null],
  ['soon', null],
])('a time limit of %s seconds is %s', async (api_timeout, seconds) => {
  file('clouds.yaml', `clouds: {a: {auth_type: none, api_timeout: ${api_timeout}, auth: {endpoint: http://x}}}`);
  const { cloud } = await connect({ env: { HOME: folder }, cwd: folder, options: { cloud: 'a' } });
  expect(cloud.apiTimeout).toBe(seconds);
});

describe('a request', () => {
  const url = 'https://127.0.0.1:9/';
  const refused = (tls: object, headers: Record<string, string> = {}): Promise<unknown> =>
    nodeSend(tls)({ method: 'GET', url, headers }).catch((error: unknown) => error);

  it('with a token that no header can have says so', async () => {
    const error = await refused({}, { 'x-auth-token': 'a\nb' });
    expect(error).toBeInstanceOf(CloudConfigError);
    expect(String(error)).toContain(
      'The header x-auth-token would have a line break or another character that no header can have.',
    );
    expect(String(error)).not.toContain('a\nb');
  });

  it.each(['cacert', 'cert'])('with a %s without a certificate in it says so', async (option) => {
    const path = file('text.pem', 'hello');
    expect(String(await refused({ [option]: path }))).toMatch(
      option === 'cacert'
        ? `The certificate file ${path} holds no certificate in PEM.`
        : `The certificates of ${path} cannot be used: `,
    );
  });
});
