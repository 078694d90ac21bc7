import { createServer } from 'node:net';
import { findAllSandboxes } from '../../clouds/compute/local/sandbox.ts';
import { checkHost } from '../../clouds/local-host/check.ts';
import { readInstance } from '../../clouds/local-host/instance.ts';
import { OctaviaError } from '../../errors.ts';

/** @throws OctaviaError UP_NEEDS_ROOT, HOST_UNFIT with every missing thing, one sentence a line */
export async function requireLocalCloud(): Promise<void> {
  if (process.getuid?.() !== 0) throw new OctaviaError('UP_NEEDS_ROOT');
  const lacks = await checkHost();
  if (lacks.length > 0) throw new OctaviaError('HOST_UNFIT', { lacks: lacks.map((lack) => `\n${lack}`).join('') });
}

/** @throws OctaviaError when something else listens there */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw portError(host, port, error as NodeJS.ErrnoException);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function portError(host: string, port: number, cause: NodeJS.ErrnoException): OctaviaError {
  if (cause.code === 'EADDRINUSE') return new OctaviaError('PORT_TAKEN', { host, port }, { cause });
  if (cause.code === 'EACCES') return new OctaviaError('PORT_NEEDS_ROOT', { port }, { cause });
  const details = { service: 'API', host, port: `port ${port}`, reason: cause.message, options: '--host and --port' };
  return new OctaviaError('LISTEN_FAILED', details, { cause });
}

/**
 * Amphorae that run cannot move to another network namespace.
 * @throws OctaviaError NAMESPACE_CHANGED when some of this state directory run elsewhere
 */
export async function requireSameNamespace(stateDir: string, netns: string | null): Promise<void> {
  const instance = await readInstance(stateDir);
  if (!instance || instance.netns === netns || findAllSandboxes(instance).length === 0) return;
  const place = (name: string | null): string => (name === null ? 'the host’s network' : `network namespace ${name}`);
  const flag = instance.netns === null ? 'without --netns' : `with --netns ${instance.netns}`;
  throw new OctaviaError('NAMESPACE_CHANGED', { stateDir, place: place(instance.netns), flag });
}
