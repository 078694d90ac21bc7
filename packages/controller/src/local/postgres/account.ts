import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { OctaviaError } from '../../errors.ts';

/** The operating system account that runs PostgreSQL. `ids` is null when it is the one that runs us. */
export interface Account {
  name: string;
  ids: { uid: number; gid: number } | null;
}

/**
 * PostgreSQL refuses to run as root. Started by root it runs as `postgres` where that account exists, else as `nobody`;
 * an existing cluster keeps its owner.
 */
export function chooseAccount(ownerOfCluster: number | null): Account {
  if (process.getuid?.() !== 0) return { name: String(process.getuid?.()), ids: null };
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, ids: { uid: Number(uid), gid: Number(gid) } }));
  const candidates = [
    ...accounts.filter((account) => account.ids.uid === ownerOfCluster),
    ...accounts.filter((account) => account.name === 'postgres'),
    ...accounts.filter((account) => account.name === 'nobody'),
  ];
  const chosen = candidates.find((account) => account.ids.uid !== 0);
  if (chosen) return chosen;
  throw new OctaviaError('POSTGRES_ACCOUNT_MISSING');
}

/** Whether the account can search the folder or execute the file. Tried, not computed: ACLs and mounts count. */
export function canReach(account: Account, path: string): boolean {
  return spawnSync('/usr/bin/test', ['-x', path], { ...account.ids }).status === 0;
}
