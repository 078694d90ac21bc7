import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { typesOf } from '../../src/keystone/catalog.ts';
import { resolveCloud, serviceSetting } from '../../src/keystone/cloud-config.ts';
import { readCloudFiles } from '../../src/keystone/cloud-files.ts';
import type { CloudCase, CloudResult } from './cloud-cases.ts';

/** What ours makes of a case, in the form in which the original's result is recorded. */
export async function ourResult({ files = {}, env = {}, argv = [], as, kwargs = {} }: CloudCase): Promise<CloudResult> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'clouds-')));
  const [home, cwd] = [join(root, 'home'), join(root, 'work')];
  const rooted = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value.replace('ROOT', root)]));
  try {
    for (const folder of [home, cwd]) mkdirSync(folder);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const variables = { HOME: home, ...rooted };
    const cloud = resolveCloud({
      files: await readCloudFiles({ env: variables, cwd }),
      env: variables,
      options: as === 'library' ? kwargs : flags(argv),
      precedence: as ?? 'command',
    });
    const expand = (path: string): string => path.replace(/^~(?=\/)/, home);
    const endpoint = ['endpoint_override', 'endpoint']
      .map((key) => serviceSetting(cloud, typesOf('load-balancer'), key))
      .find((value) => value !== null);
    const result = {
      name: cloud.name,
      region: cloud.regionName,
      type: cloud.authType,
      auth: cloud.auth,
      interface: cloud.interface,
      verify: cloud.verify && cloud.cacert ? expand(cloud.cacert) : cloud.verify,
      cert: cloud.cert === null ? null : cloud.key === null ? expand(cloud.cert) : [cloud.cert, cloud.key].map(expand),
      timeout: cloud.apiTimeout,
      endpoint: endpoint ?? (cloud.authType === 'none' ? (cloud.auth.endpoint ?? null) : null),
    };
    return JSON.parse(JSON.stringify(result).replaceAll(root, 'ROOT')) as CloudResult;
  } catch (error) {
    return { error: (error as Error).message.replaceAll(root, 'ROOT') };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** `--os-cloud a --insecure` as a program with a parser hands it on. */
function flags(argv: readonly string[]): Record<string, string | boolean> {
  const found: Record<string, string | boolean> = {};
  for (const [index, word] of argv.entries()) {
    if (!word.startsWith('--')) continue;
    const next = argv[index + 1];
    found[word.slice(2)] = next === undefined || next.startsWith('--') ? true : next;
  }
  return found;
}
