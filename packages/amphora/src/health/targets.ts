/** Sends each datagram to the next controller of the list. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Target } from '../config/settings.ts';

export class DatagramSender {
  readonly #sockets = new Map<4 | 6, Socket>();
  #next = 0;

  /** @throws Error when the name does not resolve or the system refuses the datagram */
  async send(datagram: Buffer, targets: Target[]): Promise<void> {
    const target = targets[this.#next % targets.length];
    if (target === undefined) throw new Error('no target');
    this.#next += 1;
    const family = isIP(target.host);
    const resolved = family === 0 ? await lookup(target.host) : { address: target.host, family };
    const socket = this.#socket(resolved.family === 6 ? 6 : 4);
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, target.port, resolved.address, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #socket(version: 4 | 6): Socket {
    const known = this.#sockets.get(version);
    if (known !== undefined) return known;
    const socket = createSocket(version === 6 ? 'udp6' : 'udp4');
    // Errors of a datagram come back through `send`; the rest must not end the agent.
    socket.on('error', () => {});
    this.#sockets.set(version, socket);
    return socket;
  }
}
