/** From parsed arguments to the fields that are sent. */
import type { Argument, Command, Conversion } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { Values } from '../parser/parse.ts';
import { parseInteger } from '../parser/values.ts';
import { reprString } from '../python/repr.ts';
import type { Names } from './names.ts';

export type Attributes = Record<string, unknown>;

/** Words that clear a reference. */
const isNothing = (text: string): boolean => ['none', 'null', 'void'].includes(text.toLowerCase());

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const equals = part.indexOf('=');
      if (equals < 0) throw new CommandFailure(`${reprString(part)} is not key=value.`);
      return [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

function integer(text: string): number {
  const value = parseInteger(text);
  if (value === null) throw new CommandFailure(`invalid literal for int() with base 10: ${reprString(text)}`);
  return value;
}

async function vip(text: string, names: Names): Promise<Attributes> {
  const entries = Object.entries(pairs(text)).map(([key, value]) => [key.replaceAll('-', '_'), value]);
  const { subnet_id: subnet, ip_address: address, ...rest } = Object.fromEntries(entries) as Record<string, string>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new CommandFailure(`An additional VIP has subnet-id and ip-address, not ${unknown}.`);
  if (subnet === undefined) throw new CommandFailure('Additional VIPs must include a subnet-id.');
  return { subnet_id: await names.idOf('subnets', subnet), ...(address === undefined ? {} : { ip_address: address }) };
}

const CONVERT: Record<Conversion, (text: string, names: Names) => unknown> = {
  int: integer,
  float: Number,
  pairs,
  nullable: (text) => (isNothing(text) ? null : text),
  vips: vip,
};

async function sentValue(argument: Argument, value: unknown, names: Names): Promise<unknown> {
  if (argument.takes === 0) return argument.sends;
  const one = async (each: unknown): Promise<unknown> => {
    if (typeof each !== 'string') return each;
    if (argument.as === 'nullable' && isNothing(each)) return null;
    if (argument.find !== undefined) return names.idOf(argument.find, each);
    return argument.as === undefined ? each : CONVERT[argument.as](each, names);
  };
  return Array.isArray(value) ? Promise.all(value.map(one)) : one(value);
}

/**
 * The fields that the arguments set. Names are looked up side by side; of several mistakes the first is told.
 * @throws CommandFailure
 */
export async function attributesOf(command: Command, values: Values, names: Names): Promise<Attributes> {
  const given = command.arguments.filter(
    ({ field, dest }) => field !== undefined && values[dest] !== null && values[dest] !== undefined,
  );
  const outcomes = await Promise.allSettled(given.map((argument) => sentValue(argument, values[argument.dest], names)));
  const attributes: Attributes = {};
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    attributes[given[index]?.field ?? ''] = outcome.value;
  });
  return attributes;
}
