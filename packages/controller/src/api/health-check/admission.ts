/** Who may ask for the health of the service: to everybody else the endpoint does not exist. */
import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';

const PROXY_HEADERS = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'forwarded',
  'x-real-ip',
];

/** @throws OctaviaError BAD_OPTION */
function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.trim().split('/');
    const version = isIP(address);
    const bits = length === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    if (version === 0 || bits < 0 || bits > (version === 4 ? 32 : 128)) {
      throw new OctaviaError('BAD_OPTION', {
        file: 'configuration',
        section: 'healthcheck',
        option: 'allowed_source_ranges',
        value: range,
        reason: 'must be an address or a network, such as 192.0.2.0/24',
      });
    }
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** @throws OctaviaError BAD_OPTION */
export function admission(settings: Config['healthcheck']): (request: FastifyRequest) => boolean {
  const ranges = settings.allowed_source_ranges;
  const list = blockList(ranges);
  return ({ headers, socket }) => {
    if (settings.ignore_proxied_requests && PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
    if (ranges.length === 0) return true;
    // A socket that listens on both versions shows IPv4 clients as ::ffff:a.b.c.d.
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/i, '');
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}
