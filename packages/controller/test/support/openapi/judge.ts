/** Compares answers with the OpenAPI document: status, content type, and every attribute of the body. */

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Answer {
  method: string;
  /** As the router knows it (`/v2/lbaas/pools/:pool/members`); undefined where no route was found. */
  route: string | undefined;
  status: number;
  contentType: string;
  body: string;
}

type Node = Record<string, unknown>;

interface Response extends Node {
  content?: Record<string, { schema: Node }>;
}

/**
 * What is not this API: the one before it, and what clients of a cloud of our own ask of Neutron and Keystone. They have no
 * document.
 */
export const isOtherApi = (url: string): boolean =>
  /^\/(v1|v3|projects|v2\/(networks|subnets|ports|qos|security-groups))(?=[/?]|$)/.test(url);

const ID = 'openapi';

/** Known, so that what is not to be had there is 405 and not 404 (PV-LIST). */
export const NOTHING_THERE = '/v2/lbaas/providers/:name';

/** Unknown routes and methods: the shapes of refusals. */
const NO_OPERATION = '#/components/responses/refused';

const pointer = (...parts: (string | number)[]): string =>
  `#/${parts.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;

/** In answers, what is not described is not there: clients are told of everything. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, strict(value)]));
  const types = [copy.type].flat();
  const isClosed = types.includes('object') && typeof copy.properties === 'object' && !('additionalProperties' in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}

export class Judge {
  readonly #document: Node;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: Node) {
    this.#document = strict(document) as Node;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ ...this.#document, $id: ID });
  }

  /** Each operation as `GET /v2/…`. */
  operations(): string[] {
    const paths = this.#document.paths as Record<string, Node>;
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  /** The operation of the document that a route serves; null where it has none. */
  operationOf(method: string, route: string): string | null {
    const known = route.replace(/:(\w+)/g, '{$1}').replace(/^\/v2\/openapi$/, '/v2/openapi.json');
    const item = (this.#document.paths as Record<string, Node>)[known];
    const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase();
    return item?.[verb] === undefined ? null : `${verb.toUpperCase()} ${known}`;
  }

  /** What is wrong with the answer; null when it is as the document says. */
  check({ method, route, status, contentType, body }: Answer): string | null {
    if (route === undefined || route === NOTHING_THERE)
      return this.#compare(NO_OPERATION, { method, contentType, body });
    const operation = this.operationOf(method, route);
    if (operation === null) return `${method} ${route} is not in the document`;
    const [verb = '', path = ''] = operation.split(' ');
    const at = pointer('paths', path, verb.toLowerCase(), 'responses', status);
    // `default` is for what no operation answers.
    if (this.#at(at) === undefined) return `status ${status} is not among the responses`;
    return this.#compare(at, { method, contentType, body });
  }

  #compare(at: string, { method, contentType, body }: Pick<Answer, 'method' | 'contentType' | 'body'>): string | null {
    const response = this.#at(at) as Response;
    const where = (response.$ref as string | undefined) ?? at;
    const { content } = (response.$ref ? this.#at(where) : response) as Response;
    if (method === 'HEAD') return null;
    if (content === undefined) return body === '' ? null : `a body where there is none: ${body.slice(0, 200)}`;
    const type = contentType.split(';')[0]?.trim() ?? '';
    if (content[type] === undefined) return `content type ${type || '(none)'} is not among ${Object.keys(content)}`;
    const value: unknown = type === 'application/json' ? JSON.parse(body) : body;
    const validate = this.#validator(`${where}/content/${type.replace('/', '~1')}/schema`);
    if (validate(value)) return null;
    const faults = (validate.errors ?? []).map(({ instancePath, message, data, params }) => {
      const extra = typeof params.additionalProperty === 'string' ? ` (${params.additionalProperty})` : '';
      return `${instancePath || '/'} ${message}${extra}: ${JSON.stringify(data)?.slice(0, 120)}`;
    });
    return faults.join('; ');
  }

  #at(reference: string): Node | undefined {
    const parts = reference
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    return parts.reduce<Node | undefined>((node, part) => node?.[part] as Node | undefined, this.#document);
  }

  #validator(at: string): ValidateFunction {
    let validator = this.#validators.get(at);
    if (!validator) {
      validator = this.#ajv.compile({ $ref: `${ID}${encodeURI(at)}` });
      this.#validators.set(at, validator);
    }
    return validator;
  }
}
