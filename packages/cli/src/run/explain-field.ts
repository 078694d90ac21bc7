/** `octavia explain`: what an attribute is, from the document that the service gives of itself. */
import { NotFoundError } from '@octavia/client';
import { CommandFailure } from '../failure.ts';
import { printableLines } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  format?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  deprecated?: boolean;
  required?: string[];
  properties?: Record<string, Schema>;
  'x-octavia-effect'?: 'none' | 'reload' | 'rebuild';
}

/** Kinds as people call them, and as schemas do. */
const KINDS: Readonly<Record<string, string>> = {
  loadbalancer: 'loadbalancer',
  listener: 'listener',
  pool: 'pool',
  member: 'member',
  healthmonitor: 'healthmonitor',
  l7policy: 'l7policy',
  l7rule: 'rule',
};

const EFFECTS = { none: 'no interruption', reload: 'reload', rebuild: 'rebuild' } as const;

const variants = (schema: Schema): Schema[] => (schema.anyOf ?? [schema]).filter(({ type }) => type !== 'null');

function typeOf(schema: Schema): string {
  const texts = variants(schema).map((one) => {
    if (one.enum) return `one of ${one.enum.map(String).join(', ')}`;
    const types = [one.type ?? 'any'].flat().filter((type) => type !== 'null');
    if (one.items) return `list of ${typeOf(one.items)}`;
    return `${types.join(' or ')}${one.format ? ` (${one.format})` : ''}`;
  });
  return [...new Set(texts)].join(' or ');
}

function boundsOf(schema: Schema): string | null {
  const [{ minimum, maximum, minLength, maxLength } = {} as Schema] = variants(schema);
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  if (maximum !== undefined) return `at most ${maximum}`;
  if (maxLength !== undefined) return `${minLength ? `${minLength} to ` : 'at most '}${maxLength} characters`;
  return null;
}

const DEFAULT = /Default: (.*)\.$/;

export interface Field {
  kind: string;
  name: string;
  create: Schema | undefined;
  update: Schema | undefined;
  isRequired: boolean;
}

/** @returns lines */
export function explained({ kind, name, create, update, isRequired }: Field): string[] {
  const schema = create ?? update ?? {};
  const description = schema.description?.replace(DEFAULT, '').trim();
  const fallback = DEFAULT.exec(schema.description ?? '')?.[1] ?? (isRequired ? 'none, it has to be given' : 'none');
  const effect = update?.['x-octavia-effect'];
  const rows: [string, string | null | undefined][] = [
    ['what', description],
    ['type', typeOf(schema)],
    ['bounds', boundsOf(schema)],
    ['default', fallback],
    ['change', update ? `yes, ${EFFECTS[effect ?? 'reload']}` : 'no, it is decided when the object is created'],
  ];
  const shown = rows.flatMap(([label, text]) => (text ? [`  ${`${label}:`.padEnd(9)}${text}`] : []));
  return [`${kind}.${name}`, ...shown];
}

function fieldsOf(schemas: Record<string, Schema>, kind: string): Field[] {
  const [create, update] = ['create', 'update'].map((use) => schemas[`${KINDS[kind]}_${use}`] ?? {});
  const names = Object.keys({ ...create?.properties, ...update?.properties });
  return names
    .map((name) => ({
      kind,
      name,
      create: create?.properties?.[name],
      update: update?.properties?.[name],
      isRequired: create?.required?.includes(name) === true,
    }))
    .filter(({ create: own }) => own?.deprecated !== true);
}

/** @throws CommandFailure */
export async function explainField({ field }: Values, { services, signal }: Context): Promise<string> {
  const api = await services.loadBalancing();
  // Where there is none the next sentence says so.
  const absent = (error: unknown): null => {
    if (error instanceof NotFoundError) return null;
    throw error;
  };
  const document = Object(await api.request('GET', '/v2/openapi.json', { signal }).catch(absent));
  const schemas = Object(Object(document.components).schemas) as Record<string, Schema>;
  if (Object.keys(schemas).length === 0) {
    throw new CommandFailure('This service does not describe its attributes: it is another implementation of the API.');
  }
  const [first = '', second] = String(field).toLowerCase().replaceAll('-', '_').split('.');
  const kind = first.replaceAll('_', '');
  if (second === undefined && kind in KINDS) {
    const names = fieldsOf(schemas, kind).map(({ name }) => `  ${name}\n`);
    return `${kind}\n${names.join('')}`;
  }
  const wanted = second ?? first;
  const kinds = second === undefined ? Object.keys(KINDS) : [kind];
  const found = kinds.flatMap((one) =>
    one in KINDS ? fieldsOf(schemas, one).filter(({ name }) => name === wanted) : [],
  );
  if (found.length === 0) {
    throw new CommandFailure(
      `There is no attribute ${String(field)}. octavia explain <kind> lists those of ${Object.keys(KINDS).join(', ')}.`,
    );
  }
  return printableLines(`${found.map((one) => explained(one).join('\n')).join('\n\n')}\n`);
}
