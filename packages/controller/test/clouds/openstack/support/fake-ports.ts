import { randomUUID } from 'node:crypto';

export interface FakePort {
  id: string;
  network_id: string;
  mac_address: string;
  fixed_ips: { subnet_id: string; ip_address: string }[];
  device_id: string;
  device_owner: string;
}

/** The network service, as far as Nova touches it: networks by id, with their names, and ports on them. */
export class FakePorts {
  readonly networks = new Map<string, string>();
  readonly ports = new Map<string, FakePort>();
  #made = 0;

  network(name: string): string {
    const id = randomUUID();
    this.networks.set(id, name);
    return id;
  }

  /** @returns null where there is no such network */
  make(networkId: string, device: Partial<FakePort> = {}): FakePort | null {
    if (!this.networks.has(networkId)) return null;
    this.#made += 1;
    const address = `192.0.2.${(this.#made % 250) + 2}`;
    const port: FakePort = {
      id: randomUUID(),
      network_id: networkId,
      mac_address: `fa:16:3e:00:00:${(this.#made % 256).toString(16).padStart(2, '0')}`,
      fixed_ips: [{ subnet_id: networkId, ip_address: address }],
      device_id: '',
      device_owner: '',
      ...device,
    };
    this.ports.set(port.id, port);
    return port;
  }
}
