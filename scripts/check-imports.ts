/**
 * Holds the import rule of ARCHITECTURE.md: `node scripts/check-imports.ts [repository]` prints one line for each import
 * that points the wrong way or closes a circle, and exits 1. Reading the import statements by pattern is enough: they are all in one form.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

/** Rooms of packages/controller/src, ground floor first; rooms of one floor do not know each other. */
const FLOORS = [
  ['errors'],
  ['files'],
  ['config'],
  ['domain'],
  ['store', 'tls'],
  ['status'],
  ['clouds'],
  ['dataplane'],
  ['flows'],
  ['providers'],
  ['api'],
  ['health', 'housekeeping'],
  ['driver-agent'],
  ['processes'],
  ['local'],
  ['operator'],
];

/** What each package may import of ours. */
const PACKAGE_IMPORTS: Record<string, RegExp> = {
  controller:
    /^@octavia\/(amphora\/build$|(protocol|haproxy-config)\/|provider-lib(\/driver-protocol)?$|client\/keystone$|image$)/,
  amphora: /^@octavia\/(protocol|haproxy-config)\//,
  protocol: /^$/,
  'haproxy-config': /^$/,
  'provider-lib': /^$/,
  client: /^$/,
  image: /^@octavia\/(amphora\/build|client\/keystone)$/,
  cli: /^@octavia\/(client(\/keystone)?|controller\/operator)$/,
};

/** Libraries, and files of ours, that only some places may use, since the rest of the house must not depend on them. */
const RESERVED: { library: RegExp; places: RegExp; typesAreFree: boolean; rule: string }[] = [
  {
    library: /^pg(\/|$)/,
    places: /^packages\/controller\/src\/(store\/core\/|local\/postgres\/)/,
    typesAreFree: true,
    rule: 'only store/core/ and the supervisor of the embedded server may import values of it',
  },
  {
    library: /^packages\/controller\/src\/store\/core\/sql\.ts$/,
    places: /^packages\/controller\/src\/(store|status)\//,
    typesAreFree: true,
    rule: 'only store/ and status/ may write SQL',
  },
  {
    library: /^@dbos-inc\//,
    places: /^packages\/controller\/src\/flows\//,
    typesAreFree: false,
    rule: 'only flows/ may import it',
  },
];

/** All that may be in the bundle of the agent, which runs alone and often many times on one host. */
const BUNDLED: Record<string, RegExp> = {
  amphora: /^(node:|@octavia\/(protocol|haproxy-config)\/|ipaddr\.js$)/,
  protocol: /^node:/,
  'haproxy-config': /^$/,
};
const BUNDLED_RULE = 'the amphora imports only built-in modules and ipaddr.js, because its bundle runs alone';

/** Built-in modules that reach outside the process. `domain` gets clock, random and the world passed in. */
const OUTSIDE =
  /^node:(fs|net|http|https|http2|dgram|dns|tls|os|process|child_process|worker_threads|cluster|timers|readline|perf_hooks|crypto)(\/|$)/;
/** Pure functions of those modules. */
const PURE = /^(isIP|isIPv4|isIPv6|createHash|createHmac|timingSafeEqual|BlockList)$/;

export interface Violation {
  /** Below the repository, with forward slashes. */
  file: string;
  line: number;
  message: string;
}

interface Import {
  target: string;
  line: number;
  names: string[];
  typeOnly: boolean;
}

const FROM = /^[ \t]*(?:import|export)\s+(type\s+)?([\w$*{}\s,]+?)\s*from\s*['"]([^'"]+)['"]/gm;
const BARE = /^[ \t]*import\s+['"]([^'"]+)['"]/gm;
const CALL = /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Comments are blanked, not removed, so that line numbers stay. A `//` inside a string is left alone. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^([ \t]*)\/\/.*$/gm, '$1');
}

function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const lineOf = (index: number): number => text.slice(0, index).split('\n').length;
  const found: Import[] = [];
  for (const match of text.matchAll(FROM)) {
    const [, type, clause = '', target = ''] = match;
    const names = clause
      .replace(/[{}]/g, ',')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    const typeOnly = type !== undefined || names.every((name) => name.startsWith('type '));
    const bareNames = names.map((name) => name.replace(/^type\s+/, '').replace(/\s+as\s.*$/, ''));
    found.push({ target, line: lineOf(match.index), names: bareNames, typeOnly });
  }
  for (const pattern of [BARE, CALL]) {
    for (const match of text.matchAll(pattern)) {
      found.push({ target: match[1] ?? '', line: lineOf(match.index), names: [], typeOnly: false });
    }
  }
  return found;
}

const CONTROLLER = 'packages/controller/src/';

function roomOf(path: string): string | null {
  const [room, ...rest] = path.slice(CONTROLLER.length).split('/');
  return path.startsWith(CONTROLLER) && rest.length > 0 && room !== undefined ? room : null;
}

const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room));

/** `clouds/<need>/<driver>/`: the folder of one implementation; null for interfaces and for what drivers share. */
function driverOf(path: string, needs: ReadonlySet<string>): string | null {
  const [room, need, driver, ...rest] = path.slice(CONTROLLER.length).split('/');
  const isDriver =
    room === 'clouds' && need !== undefined && needs.has(need) && driver !== undefined && rest.length > 0;
  return isDriver ? `${room}/${need}/${driver}` : null;
}

const KEYSTONE = 'packages/client/src/keystone/';
const NO_NODE_RULE =
  'the client runs in browsers: only its keystone/ may use Node and libraries, and nobody else may import that';
const runsInBrowsers = (file: string): boolean => file.startsWith('packages/client/src/') && !file.startsWith(KEYSTONE);

function relativeFault(file: string, target: string, needs: ReadonlySet<string>): string | null {
  const packageOf = (path: string): string => path.split('/').slice(0, 2).join('/');
  if (packageOf(target) === 'test/kit') return 'only tests may use the kit of the tests';
  if (packageOf(target) !== packageOf(file)) return `a package is imported by its name, not by a path into it`;
  if (runsInBrowsers(file) && target.startsWith(KEYSTONE)) return NO_NODE_RULE;
  const [from, to] = [roomOf(file), roomOf(target)];
  if (to === null) return null;
  if (from === null) {
    // The catalogue of errors is a table for everybody, made of the parts in the room.
    if (file === `${CONTROLLER}errors.ts` && to === 'errors') return null;
    return file.startsWith(CONTROLLER) ? `a file outside the rooms may not import the room ${to}` : null;
  }
  if (floorOf(to) < 0) return `the room ${to} has no floor; name it in scripts/check-imports.ts`;
  if (from !== to && floorOf(to) >= floorOf(from)) {
    const relation = floorOf(to) === floorOf(from) ? 'beside' : 'above';
    return `${from} may not import ${to}, which is ${relation} it`;
  }
  const [driver, other] = [driverOf(file, needs), driverOf(target, needs)];
  if (driver !== null && other !== null && driver !== other) {
    return `the driver ${driver} may not import the driver ${other}; only interfaces and shared folders`;
  }
  return null;
}

function reservedFault(file: string, target: string, typeOnly: boolean): string | null {
  const reserved = RESERVED.find(({ library, places }) => library.test(target) && !places.test(file));
  return reserved !== undefined && !(typeOnly && reserved.typesAreFree) ? reserved.rule : null;
}

function moduleFault(file: string, { target, names, typeOnly }: Import): string | null {
  const owner = file.split('/')[1] ?? '';
  if (target.startsWith('@octavia/') && !(PACKAGE_IMPORTS[owner] ?? /^$/).test(target)) {
    return `the package ${owner} may not import ${target}`;
  }
  if (runsInBrowsers(file)) return NO_NODE_RULE;
  const bundled = BUNDLED[owner];
  if (bundled !== undefined && !bundled.test(target)) return BUNDLED_RULE;
  if (roomOf(file) === 'domain' && !typeOnly && OUTSIDE.test(target)) {
    const impure = names.length === 0 ? [target] : names.filter((name) => !PURE.test(name));
    if (impure.length > 0) return `domain is pure; ${target} (${impure.join(', ')}) reaches outside`;
  }
  return owner === 'controller' ? reservedFault(file, target, typeOnly) : null;
}

function sourceFiles(root: string): string[] {
  const packages = join(root, 'packages');
  if (!existsSync(packages)) return [];
  return readdirSync(packages).flatMap((name) => {
    const folder = join(packages, name, 'src');
    if (!existsSync(folder)) return [];
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return entries.filter((entry) => entry.endsWith('.ts')).map((entry) => join(folder, entry));
  });
}

/** Folders below clouds/ that hold an interface, and so one folder for each driver. */
function needsOf(files: readonly string[]): Set<string> {
  const needs = files.map((file) => /^packages\/controller\/src\/clouds\/([^/]+)\/interface\.ts$/.exec(file)?.[1]);
  return new Set(needs.filter((need) => need !== undefined));
}

/** A way from file to file that ends where it began; null when there is none. Types count, too: they tie files just as well. */
function circleFrom(start: string, imports: ReadonlyMap<string, readonly Import[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const { target } of imports.get(file) ?? []) {
      if (target === start) {
        const way = [start];
        for (let at: string | undefined = file; at !== undefined && at !== start; at = cameFrom.get(at)) way.push(at);
        return [...way, start].reverse();
      }
      if (!imports.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return null;
}

/** One for each circle, at the import with which its first file (by name) enters it. */
function circles(imports: ReadonlyMap<string, readonly Import[]>): Violation[] {
  const told = new Set<string>();
  return [...imports.keys()].flatMap((file) => {
    const circle = told.has(file) ? null : circleFrom(file, imports);
    if (circle === null) return [];
    for (const member of circle) told.add(member);
    const line = imports.get(file)?.find(({ target }) => target === circle[1])?.line ?? 1;
    return [{ file, line, message: `a circle of imports: ${circle.join(' → ')}` }];
  });
}

/** Every import of packages/<name>/src that breaks the rule, in file order; then the circles. */
export function checkImports(root: string): Violation[] {
  const below = (path: string): string => relative(root, path).split(sep).join('/');
  const paths = sourceFiles(root).sort();
  const needs = needsOf(paths.map(below));
  const internal = new Map<string, Import[]>();
  const faults = paths.flatMap((path) => {
    const file = below(path);
    const imports = importsOf(readFileSync(path, 'utf8')).map((found) => ({
      ...found,
      file: found.target.startsWith('.') ? below(resolve(path, '..', found.target)) : null,
    }));
    internal.set(
      file,
      imports.flatMap((found) => (found.file === null ? [] : [{ ...found, target: found.file }])),
    );
    return imports.flatMap((found) => {
      const fault =
        found.file === null
          ? moduleFault(file, found)
          : (relativeFault(file, found.file, needs) ?? reservedFault(file, found.file, found.typeOnly));
      return fault === null ? [] : [{ file, line: found.line, message: `${found.target}: ${fault}` }];
    });
  });
  return [...faults, ...circles(internal)];
}

if (import.meta.main) {
  const violations = checkImports(resolve(process.argv[2] ?? join(import.meta.dirname, '..')));
  for (const { file, line, message } of violations) process.stderr.write(`${file}:${line}: ${message}\n`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
