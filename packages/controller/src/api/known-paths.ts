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

  /** Methods of all routes that match the path; empty when nothing does. */
  methods(path: string): string[] {
    const matching = [...this.#routes.values()].filter((route) => route.pattern.test(path));
    return [...new Set(matching.flatMap((route) => [...route.methods]))].sort();
  }
}
