/** References of a regular expression to its groups: `\1`, `\g{1}`, `\k<name>`, `(?1)`, `(?&name)`. */

/** HAProxy lets groups without a name capture nothing, unless the expression itself asks for it. */
const CAPTURES = /\(\?(?:\^|[A-Za-z]*-[A-Za-z]*n)/;
const PLAIN_GROUP = /\((?!\?|\*)/g;
const NAMED_GROUP = /\(\?(?:P?<|')([A-Za-z_]\w*)[>']/g;

const NUMBER =
  /^(?:\\([1-9])(?!\d)|\\([89]\d+)|\\g\{?[-+]?(\d+)\}?|\\g[<'][-+](\d+)[>']|\\g[<']0*([1-9]\d*)[>']|\(\?[-+]?0*([1-9]\d*)\))/;
const NAME = /^(?:\\[gk](?:\{(\w+)\}|<(\w+)>|'(\w+)')|\(\?(?:&|P>|P=)(\w+)\))/;

/** At least as many as there are: what looks like a group in a class or a literal counts too. */
function groups(text: string): { count: number; names: Set<string> } {
  const names = [...text.matchAll(NAMED_GROUP)].map(([, name = '']) => name);
  const plain = CAPTURES.test(text) ? (text.match(PLAIN_GROUP)?.length ?? 0) : 0;
  return { count: names.length + plain, names: new Set(names) };
}

const given = (match: RegExpExecArray | null): string | undefined =>
  match?.slice(1).find((group) => group !== undefined);

/** What is wrong with the reference at the beginning of `rest`, if one is there. */
export function referenceFault(text: string, rest: string): string | null {
  const number = given(NUMBER.exec(rest));
  if (number !== undefined) {
    const missing = Number(number) === 0 || Number(number) > groups(text).count;
    return missing ? 'reference to non-existent subpattern (only groups with a name are subpatterns)' : null;
  }
  const name = given(NAME.exec(rest));
  if (name === undefined || !/^[A-Za-z_]/.test(name) || groups(text).names.has(name)) return null;
  return `reference to non-existent subpattern ${name}`;
}
