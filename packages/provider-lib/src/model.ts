/** What all data objects can do. Source: provider driver guide, "Data objects"; octavia-lib's serialisation rules. */
import { isDeepStrictEqual } from 'node:util';
import { isUnset } from './unset.ts';

export interface DictOptions {
  /** With lists and nested objects; otherwise both are left out. */
  recurse?: boolean;
  /** What is not set is null; otherwise it is left out. In a shallow map nested objects and lists are null, too. */
  render_unsets?: boolean;
  /** Fields to leave out. */
  exclude?: readonly string[];
}

type ModelClass<T extends ProviderModel> = new (values?: Partial<FieldsOf<T>>) => T;

/** The fields of a data object, without its methods. */
export type FieldsOf<T> = {
  [Name in keyof T as T[Name] extends (...args: never[]) => unknown ? never : Name]: T[Name];
};

/** Objects of another copy of the package, as a driver may bring it, are data objects, too. */
const MODEL = Symbol.for('@octavia/provider-lib/ProviderModel');

const isModel = (value: unknown): value is ProviderModel =>
  typeof value === 'object' && value !== null && MODEL in value;

export abstract class ProviderModel {
  /** Sets what is given. A subclass calls it after its fields have got their initial values. @throws TypeError for others */
  protected assign(values: object): void {
    for (const [name, value] of Object.entries(values)) {
      if (!Object.hasOwn(this, name)) throw new TypeError(`${this.constructor.name} has no field '${name}'.`);
      // A field that is mentioned without a value is not mentioned.
      if (value !== undefined) Object.assign(this, { [name]: value });
    }
  }

  /** A plain map, as it is sent. */
  to_dict({ recurse = false, render_unsets = false, exclude = [] }: DictOptions = {}): Record<string, unknown> {
    return this[MODEL]({ recurse, render_unsets }, new Set(exclude), []);
  }

  /** Of this class and of other copies' alone. */
  [MODEL](
    options: Required<Omit<DictOptions, 'exclude'>>,
    exclude: ReadonlySet<string>,
    path: readonly unknown[],
  ): Record<string, unknown> {
    const { recurse, render_unsets } = options;
    // An object refers back to what holds it: a class that is on the way already ends the walk.
    const ends = path.includes(this.constructor);
    const nested = (model: ProviderModel) =>
      ends ? null : model[MODEL](options, new Set(), [...path, this.constructor]);
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this) as [string, unknown][]) {
      if (name.startsWith('_') || exclude.has(name)) continue;
      const compound = Array.isArray(value) || isModel(value);
      if (isUnset(value) || (compound && !recurse)) {
        if (render_unsets) result[name] = null;
      } else if (Array.isArray(value)) {
        result[name] = value.map((item: unknown) => (isModel(item) ? nested(item) : item));
      } else {
        result[name] = isModel(value) ? nested(value) : value;
      }
    }
    return result;
  }

  /** Objects of one class are equal when what they say without lists and nested objects is. */
  equals(other: unknown): boolean {
    return (
      isModel(other) &&
      other.constructor.name === this.constructor.name &&
      isDeepStrictEqual(this.to_dict(), other.to_dict())
    );
  }

  /** @throws TypeError for a field that there is not */
  static from_dict<T extends ProviderModel>(this: ModelClass<T>, values: Record<string, unknown>): T {
    return new this(values as Partial<FieldsOf<T>>);
  }

  /** Names what identifies the object and nothing else: a log must not show keys and certificates. */
  toString(): string {
    const names = Object.keys(this).filter((name) => isIdentifying(this.constructor.name, name));
    const fields = names.map((name) => [name, (this as unknown as Record<string, unknown>)[name]] as const);
    const shown = fields.filter(([, value]) => !isUnset(value)).map(([name, value]) => `${name}=${String(value)}`);
    return `${this.constructor.name}(${shown.join(', ')})`;
  }
}

const IDENTIFYING = new Set(['name', 'project_id']);
const OF_MEMBERS = new Set(['address', 'protocol_port', 'subnet_id', 'weight']);

const isIdentifying = (kind: string, field: string): boolean =>
  IDENTIFYING.has(field) || field === `${kind.toLowerCase()}_id` || (kind === 'Member' && OF_MEMBERS.has(field));
