/** `octavia operations …` and `octavia flows …`: what is going on, by hand, also when no API runs. */
import type { Verb } from '../../flows/operator-verbs.ts';
import type { OperationFilter } from '../operations.ts';
import { findInstallation } from './installation.ts';
import { type Handler, isSet, numberOf, say, textOf, texts } from './values.ts';

const verb =
  (name: Verb): Handler =>
  async (values) => {
    const { databaseUrl } = await findInstallation(values);
    const { actOnOperation } = await import('../operations.ts');
    const status = textOf(values, 'status') as 'ACTIVE' | 'ERROR' | undefined;
    const reason = textOf(values, 'reason') ?? null;
    say(await actOnOperation(databaseUrl, name, textOf(values, 'id') ?? '', { reason, ...(status ? { status } : {}) }));
  };

export const OPERATIONS: Readonly<Record<string, Handler>> = {
  'operations list': async (values) => {
    const { databaseUrl } = await findInstallation(values);
    const { listOperations } = await import('../operations.ts');
    const filter = {
      ...texts(values, 'state', 'kind', 'loadbalancer', 'project'),
      limit: numberOf(values, 'limit') ?? 0,
      ...(isSet(values, 'json') ? { json: true } : {}),
    };
    say(await listOperations(databaseUrl, filter as OperationFilter));
  },
  'operations show': async (values) => {
    const { databaseUrl } = await findInstallation(values);
    const { showOperation } = await import('../operations.ts');
    say(await showOperation(databaseUrl, textOf(values, 'id') ?? '', isSet(values, 'json')));
  },
  'operations resume': verb('resume'),
  'operations abandon': verb('abandon'),
  'operations reset': verb('reset'),
  'flows list': async () => say((await import('../../flows/diagram.ts')).listFlows()),
  'flows show': async (values) => say((await import('../../flows/diagram.ts')).showFlow(textOf(values, 'name') ?? '')),
};
