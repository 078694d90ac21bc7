/**
 * The ways to read the path of a request, as `dataplane/haproxy/l7-paths.ts` has HAProxy read it: as it was sent, and as members
 * may understand it.
 */

const KEPT_PERCENT = /%(?![0-9A-Fa-f]{2})|%(?=00|3[Ff])/g;

/** Percent signs are decoded byte by byte; texts here have a character for each byte. */
const decoded = (path: string): string =>
  path
    .replace(KEPT_PERCENT, '%25')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const merged = (path: string): string => path.replace(/\/{2,}/g, '/');

/** `.` and `..` as segments; what leads above the root stays there. */
function resolved(path: string): string {
  const [, ...segments] = path.split('/');
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if (isLast && (segment === '.' || segment === '..')) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** @param path begins with a slash; a character for each byte */
export function readings(path: string): string[] {
  const plain = decoded(path);
  return [path, resolved(merged(plain)), merged(resolved(plain))];
}
