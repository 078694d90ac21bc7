/** What the API takes can be said on the command line, and what can be said is taken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOADBALANCER_COMMANDS } from '../src/table/index.ts';

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  allOf?: Schema[];
}
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}
const DOCUMENT = JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolved(DOCUMENT.components.schemas[name] ?? {});
}

/** Fields of the object that a request carries. */
function fieldsOf(path: string, method: string, key: string): string[] {
  const schema = DOCUMENT.paths[path]?.[method]?.requestBody?.content['application/json']?.schema;
  const object = resolved(resolved(schema ?? {}).properties?.[key] ?? {});
  const parts = [object, ...(object.allOf ?? []).map(resolved)];
  const names = parts.flatMap(({ properties }) => Object.keys(properties ?? {}));
  // The old name of project_id.
  return [...new Set(names)].filter((name) => name !== 'tenant_id').sort();
}

const TREE = 'One command makes one object; its siblings make what is below it.';
const OWNER = 'Whatever is below a load balancer belongs to its project.';

/** Fields without an option, by `command.field`. */
const WITHOUT_OPTION: Readonly<Record<string, string>> = {
  'loadbalancer create.listeners': TREE,
  'loadbalancer create.pools': TREE,
  'loadbalancer listener create.default_pool': TREE,
  'loadbalancer listener create.l7policies': TREE,
  'loadbalancer listener create.load_balancer_id': 'Another name of loadbalancer_id.',
  'loadbalancer listener create.project_id': OWNER,
  'loadbalancer pool create.healthmonitor': TREE,
  'loadbalancer pool create.load_balancer_id': 'Another name of loadbalancer_id.',
  'loadbalancer pool create.members': TREE,
  'loadbalancer pool create.project_id': OWNER,
  'loadbalancer member create.project_id': OWNER,
  'loadbalancer healthmonitor create.project_id': OWNER,
  'loadbalancer l7rule create.project_id': OWNER,
  'loadbalancer l7policy create.project_id': OWNER,
  'loadbalancer l7policy create.rules': TREE,
  'loadbalancer quota set.healthmonitor': 'Another name of health_monitor.',
  'loadbalancer quota set.loadbalancer': 'Another name of load_balancer.',
};

const COMMANDS = LOADBALANCER_COMMANDS.flatMap((command) => {
  if (!('kind' in command.does) || !['create', 'set'].includes(command.does.verb)) return [];
  const { kind, verb } = command.does;
  const base = `/v2/${kind.path}`;
  const paths = Object.keys(DOCUMENT.paths).filter((path) => {
    const plain = (text: string): string => text.replaceAll(/\{\w+\}/g, '{}');
    return plain(path) === plain(verb === 'create' ? base : `${base}/{}`);
  });
  return [
    { command, words: command.words, path: paths[0] ?? '', method: verb === 'create' ? 'post' : 'put', key: kind.one },
  ];
});

describe('fields and options', () => {
  test.each(COMMANDS)('of $words', ({ command, path, method, key }) => {
    const fields = fieldsOf(path, method, key);
    expect(fields).not.toEqual([]);
    const options = [
      ...new Set(command.arguments.flatMap(({ field, flags }) => (field && flags.length > 0 ? [field] : []))),
    ];
    const positional = command.arguments.filter(({ flags }) => flags.length === 0).flatMap(({ field }) => field ?? []);
    const said = [...options, ...positional];
    expect({
      fieldsWithoutOption: fields.filter(
        (field) => !said.includes(field) && WITHOUT_OPTION[`${command.words}.${field}`] === undefined,
      ),
      optionsWithoutField: said.filter((field) => !fields.includes(field)),
    }).toEqual({ fieldsWithoutOption: [], optionsWithoutField: [] });
  });

  test('every exception is a field of that command', () => {
    const all = COMMANDS.flatMap(({ words, path, method, key }) =>
      fieldsOf(path, method, key).map((field) => `${words}.${field}`),
    );
    expect(Object.keys(WITHOUT_OPTION).filter((name) => !all.includes(name))).toEqual([]);
  });
});
