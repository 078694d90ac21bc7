/** Keeps a run that is no longer in charge of its operation from acting. */
import type { FlowDependencies } from './flow.ts';

function asking<T extends object>(target: T, mayAct: () => void): T {
  return new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function') {
        mayAct();
        return value;
      }
      return (...args: unknown[]) => {
        mayAct();
        return value.apply(object, args);
      };
    },
  });
}

/**
 * The world as one run of a flow sees it: each call of a driver or of the store first asks whether the run may still act.
 * @param mayAct throws when it may not
 */
export function guarded(dependencies: FlowDependencies, mayAct: () => void): FlowDependencies {
  const { store, compute, images, volumes, network, certificates, dataplane, sleep } = dependencies;
  return {
    ...dependencies,
    store: asking(store, mayAct),
    compute: asking(compute, mayAct),
    images: asking(images, mayAct),
    volumes: asking(volumes, mayAct),
    network: asking(network, mayAct),
    certificates: asking(certificates, mayAct),
    dataplane: asking(dataplane, mayAct),
    async sleep(ms) {
      mayAct();
      await sleep(ms);
      mayAct();
    },
  };
}
