/** What the last part of a path is, in the words of existing clients' messages; `id` unless it is something else. */
const PARTS: Readonly<Record<string, string>> = { project: 'project_id', name: 'availability_zone_name' };

/** Remembers every route, so that a known path with another method is 405 and not 404. */
export class KnownPaths {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(path: string, methods: readonly string[]): void {
    let route = this.#routes.get(path);
    if (!route) {
      const pattern = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
      route = { pattern: new RegExp(`^${pattern}$`), methods: new Set() };
      this.#routes.set(path, route);
    }
    for (const method of methods) route.methods.add(method);
  }

  /** The part that the path lacks to be one of an object that knows the method, as when a collection is to be deleted. */
  missingPart(path: string, method: string): string | null {
    const below = [...this.#routes].filter(
      ([, { pattern, methods }]) => methods.has(method) && pattern.test(`${path}/x`),
    );
    const [name] = below.flatMap(([route]) => /\/:(\w+)$/.exec(route)?.[1] ?? []);
    return name === undefined ? null : (PARTS[name] ?? 'id');
  }

  /** Methods of all routes that match the path; empty when nothing does. */
  methods(path: string): string[] {
    const matching = [...this.#routes.values()].filter((route) => route.pattern.test(path));
    return [...new Set(matching.flatMap((route) => [...route.methods]))].sort();
  }
}
