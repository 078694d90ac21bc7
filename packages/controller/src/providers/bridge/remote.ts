/** A driver that somebody else runs, on this host or on another. */
import { isAbsolute } from 'node:path';
import { Channel, type TlsFiles } from './channel.ts';
import type { DriverHome } from './driver.ts';

const UNIX = 'unix:';

/**
 * @param address `unix:/path` or `https://host:port`
 * @param connections at the same time
 * @throws Error where the address is neither, or a file cannot be read
 */
export function remoteHome(address: string, files: TlsFiles, connections: number): DriverHome {
  const channel = address.startsWith(UNIX)
    ? unixChannel(address.slice(UNIX.length), connections)
    : tlsChannel(address, files, connections);
  return {
    isLoaded: () => true,
    channel: () => Promise.resolve(channel),
    // Whoever runs it looks after it.
    stalled: () => undefined,
    close: () => channel.close(),
  };
}

function unixChannel(path: string, connections: number): Channel {
  if (!isAbsolute(path)) throw new Error(`unix:${path} is no absolute path.`);
  return Channel.unix(path, connections);
}

function tlsChannel(address: string, files: TlsFiles, connections: number): Channel {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '') {
    throw new Error(`${address} is neither unix:/path nor https://host:port.`);
  }
  if (files.certificate === null || files.key === null || files.ca === null) {
    const options = ['remote_provider_ca_file', 'remote_provider_cert_file', 'remote_provider_key_file'];
    throw new Error(`${address} needs [api_settings] ${options.join(', ')}.`);
  }
  return Channel.tls(url.origin, files, connections);
}
