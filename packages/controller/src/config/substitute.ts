/** `$` references in option texts: `$name`, `${name}`, `$group.name`, `${group.name}`; `$$` and `\$` are a dollar sign. */
import { InvalidValue } from './value-types.ts';

const NAME = '[A-Za-z_][A-Za-z0-9_-]*(?:\\.[A-Za-z_][A-Za-z0-9_-]*)?';
const BARE = '[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)?';
const REFERENCE = new RegExp(`\\$\\$|\\\\\\$|\\$\\{(${NAME})\\}|\\$(${BARE})`, 'g');

/**
 * @param lookUp text of the referenced option, empty text when it is unset, undefined when there is no such option
 * @throws InvalidValue for a reference to an option that does not exist
 */
export function substitute(text: string, lookUp: (reference: string) => string | undefined): string {
  return text.replace(REFERENCE, (match, braced: string | undefined, bare: string | undefined) => {
    const reference = braced ?? bare;
    if (reference === undefined) return '$';
    const value = lookUp(reference);
    if (value === undefined) throw new InvalidValue(`${match} names no option; write $$ for a dollar sign`);
    return value;
  });
}
