/** Serves a driver to the API over the driver protocol: for drivers that are to live in a process of their own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HealthMonitor, L7Policy, L7Rule, Listener, LoadBalancer, Member, Pool } from './data-models.ts';
import { ARGUMENTS, type Method, PROTOCOL, VERSION } from './driver-protocol.ts';
import { UnsupportedOptionError } from './errors.ts';
import { faultKind } from './kinds.ts';
import type { ProviderModel } from './model.ts';
import type { ProviderDriver } from './provider-base.ts';

type Fields = Record<string, unknown>;
type Class = new (values?: object) => ProviderModel;

/** Arguments and fields that are objects, by name; all others are plain. */
const OBJECTS: Readonly<Record<string, Class>> = {
  loadbalancer: LoadBalancer,
  listener: Listener,
  listeners: Listener,
  pool: Pool,
  pools: Pool,
  default_pool: Pool,
  member: Member,
  members: Member,
  healthmonitor: HealthMonitor,
  l7policy: L7Policy,
  l7policies: L7Policy,
  l7rule: L7Rule,
  rules: L7Rule,
};

/** Larger than any tree of objects with its certificates. */
const LONGEST_REQUEST = 64 * 1024 * 1024;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const saysNothing = (value: unknown): boolean =>
  value === null || value === false || value === '' || value === 'normal' || (Array.isArray(value) && !value.length);

/** @param isStrict what the class has no field for is refused, unless it says nothing; otherwise it is left out */
function modelOf(Kind: Class, values: Fields, isStrict: boolean): ProviderModel {
  const known = new Kind();
  const fields: Fields = {};
  for (const [name, value] of Object.entries(values)) {
    if (Object.hasOwn(known, name)) fields[name] = fieldOf(OBJECTS[name], value, isStrict);
    else if (isStrict && !saysNothing(value)) {
      const text = `The library of this driver does not know ${name} of ${Kind.name}.`;
      throw new UnsupportedOptionError({ user_fault_string: text });
    }
  }
  return new Kind(fields);
}

function fieldOf(Kind: Class | undefined, value: unknown, isStrict: boolean): unknown {
  if (Kind === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => fieldOf(Kind, item, isStrict));
  return isMap(value) ? modelOf(Kind, value, isStrict) : value;
}

/** What is new is read strictly; what was, or goes, is not. */
function argumentsOf(method: Method, given: Fields): unknown[] {
  return ARGUMENTS[method].map((name) => {
    const isStrict = !name.startsWith('old_') && !method.endsWith('_delete');
    return fieldOf(OBJECTS[name.replace(/^(old|new)_/, '')], given[name], isStrict);
  });
}

const isMethod = (name: string): name is Method => Object.hasOwn(ARGUMENTS, name);

function errorOf(raised: unknown): Fields {
  return faultKind(raised) ?? { kind: 'Error', operator_fault_string: String(raised) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request) {
    length += (piece as Uint8Array).length;
    if (length > LONGEST_REQUEST) throw new RangeError('it is too long');
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function readArguments(body: string): Fields {
  const value: unknown = JSON.parse(body);
  if (!isMap(value) || !isMap(value.arguments)) throw new TypeError('it has no map of arguments');
  return value.arguments;
}

/** @returns the server, which does not listen yet */
export function driverServer(driver: ProviderDriver): Server {
  let calls = 0;
  const answer = (response: ServerResponse, status: number, message: object): void => {
    const text = JSON.stringify(message);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  const refuse = (response: ServerResponse, status: number, text: string): void =>
    answer(response, status, { error: { kind: 'Error', operator_fault_string: text } });

  async function call(method: Method, given: Fields): Promise<object> {
    calls += 1;
    try {
      const act = driver[method] as (...values: unknown[]) => unknown;
      const result: unknown = (await act.apply(driver, argumentsOf(method, given))) ?? null;
      // What cannot be sent is the driver's fault as well.
      return { result: JSON.parse(JSON.stringify(result)) as unknown };
    } catch (error) {
      return { error: errorOf(error) };
    } finally {
      calls -= 1;
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method: verb, url = '' } = request;
    if (verb === 'GET' && url === '/') {
      const provider = driver.name ?? '';
      return answer(response, 200, { protocol: PROTOCOL, versions: [VERSION], provider, calls });
    }
    const name = url.startsWith(`/v${VERSION}/`) ? url.slice(`/v${VERSION}/`.length) : '';
    if (verb !== 'POST' || !isMethod(name)) return refuse(response, 404, `There is no such path: ${verb} ${url}`);
    let given: Fields;
    try {
      given = readArguments(await bodyOf(request));
    } catch (error) {
      return refuse(response, 400, `The request cannot be read: ${String(error)}`);
    }
    answer(response, 200, await call(name, given));
  }

  return createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
}
