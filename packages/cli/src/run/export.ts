/** `octavia export`: a load balancer as the file that leads to it. */
import { LoadBalancers } from '@octavia/client';
import { isPrintable } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

export async function exportOf(values: Values, { services, signal }: Context): Promise<string> {
  const id = await new Names(services, signal).idOf('loadbalancers', String(values.loadbalancer));
  const api = await services.loadBalancing();
  if (values.format === 'terraform') return escaped(await (await import('./terraform.ts')).terraform(api, id, signal));
  const { document } = await new LoadBalancers(api).desiredState(id, { signal });
  // Without a name it is found by its id alone.
  const whole = document.name ? document : { id, ...document };
  if (values.format === 'json') return `${escaped(JSON.stringify(whole, null, 2))}\n`;
  const { Document, isScalar, visit } = await import('yaml');
  const yaml = new Document(whole);
  visit(yaml, {
    Scalar(_, node) {
      if (isScalar(node) && typeof node.value === 'string' && !isPrintable(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return escaped(yaml.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }));
}

/** What JSON, and strings of YAML and HCL in double quotes, may hold as it is although it steers a terminal. */
const escaped = (text: string): string =>
  text.replaceAll(/[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, codePoint);

const codePoint = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
