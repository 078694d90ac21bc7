/** Finds what an instance left on the host when its instance.json is missing or damaged, by the tag of its path. */
import { findAllSandboxes } from '../../clouds/compute/local/sandbox.ts';
import { runTool } from '../../clouds/local-host/command.ts';
import { inferInstance, type LocalInstance, tagOf } from '../../clouds/local-host/instance.ts';
import { parseAddresses, parseLinks } from '../../clouds/local-host/ip.ts';
import { listIfPresent } from '../../files/optional.ts';
import { namespaceExists, rememberedNamespace } from '../up/namespace.ts';

const NAMESPACES = '/run/netns';

interface Place {
  /** Null: where this process is. */
  netns: string | null;
  /** Address of the management bridge. */
  gatewayIp: string | null;
}

async function lookInto(netns: string | null, tag: string): Promise<Place | null> {
  const ip = ['ip', ...(netns === null ? [] : ['-n', netns]), '-j'];
  try {
    const links = parseLinks((await runTool([...ip, 'link', 'show'])).stdout);
    if (!links.some(({ name }) => name.startsWith(`o${tag}`))) return null;
    const addresses = parseAddresses((await runTool([...ip, '-4', 'addr', 'show'])).stdout);
    const management = addresses.find(({ device }) => device === `o${tag}mgt`);
    return { netns, gatewayIp: management?.address.split('/')[0] ?? null };
  } catch {
    // A name without a namespace behind it.
    return null;
  }
}

/**
 * @param stateDir without symbolic links; need not exist any more
 * @returns null when the host knows nothing of it
 */
export async function findLostInstance(stateDir: string): Promise<LocalInstance | null> {
  const tag = tagOf(stateDir);
  const remembered = rememberedNamespace(stateDir);
  const others = (await listIfPresent(NAMESPACES)).sort().filter((name) => name !== remembered);
  const places = [...(remembered !== null && namespaceExists(remembered) ? [remembered] : []), null, ...others];
  for (const netns of places) {
    const place = await lookInto(netns, tag);
    if (place) return inferInstance(stateDir, place.gatewayIp, place.netns);
  }
  const instance = inferInstance(stateDir, null, remembered);
  return findAllSandboxes(instance).length > 0 ? instance : null;
}
