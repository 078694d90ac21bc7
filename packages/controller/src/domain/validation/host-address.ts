/** Addresses that a tenant gives and something of the service then uses: members, what is checked instead of them, VIPs. */
import { canonicalAddress, canonicalCidr, cidrContains, isHost } from '../addresses.ts';
import { embeddedIpv4 } from '../embedded-ipv4.ts';
import { invalidOption } from './refuse.ts';

export interface AddressRules {
  /** Addresses and networks that no tenant may name, any spelling. */
  reservedIps: readonly string[];
}

interface Reserved {
  addresses: ReadonlySet<string>;
  networks: readonly string[];
}

const readLists = new WeakMap<readonly string[], Reserved>();

function reservedIn(list: readonly string[]): Reserved {
  let known = readLists.get(list);
  if (!known) {
    const entries = list.map((entry) => entry.trim());
    known = {
      addresses: new Set(entries.map(canonicalAddress).filter((address) => address !== null)),
      networks: entries.filter((entry) => entry.includes('/')).flatMap((entry) => canonicalCidr(entry) ?? []),
    };
    readLists.set(list, known);
  }
  return known;
}

/**
 * Neither a reserved address, in any spelling and by any way around, nor one that nobody can have: HAProxy takes 0.0.0.0
 * for "where the client wanted to go", which is itself.
 * @param address canonical
 * @param option how the refusal calls it
 * @throws OctaviaError INVALID_OPTION
 */
export function checkHostAddress(address: string, option: string, { reservedIps }: AddressRules): void {
  const { addresses, networks } = reservedIn(reservedIps);
  const isReserved = (place: string): boolean =>
    addresses.has(place) || networks.some((network) => cidrContains(network, place));
  if (!isHost(address) || isReserved(address) || embeddedIpv4(address).some(isReserved)) {
    throw invalidOption(address, option);
  }
}
