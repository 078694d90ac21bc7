import { createServer } from 'node:net';
import { findAllSandboxes } from '../../clouds/compute/local/sandbox.ts';
import { checkHost } from '../../clouds/local-host/check.ts';
import { readInstance } from '../../clouds/local-host/instance.ts';
import { OctaviaError } from '../../errors.ts';

/** @throws OctaviaError STARTUP with every missing thing, one sentence a line */
export async function requireLocalCloud(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new OctaviaError('STARTUP', {
      detail: 'The local cloud makes network interfaces and sandboxes: run it as root, or use --cloud noop.',
    });
  }
  const lacks = await checkHost();
  if (lacks.length > 0) throw new OctaviaError('STARTUP', { detail: lacks.join('\n') });
}

/** @throws OctaviaError STARTUP when something else listens there */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw new OctaviaError('STARTUP', { detail: portSentence(host, port, error as NodeJS.ErrnoException) });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function portSentence(host: string, port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} of ${host} is taken: choose another one with --port.`;
  if (error.code === 'EACCES') return `Port ${port} needs root: choose one above 1023 with --port.`;
  return `The API cannot listen on ${host} port ${port}: ${error.message}`;
}

/**
 * Amphorae that run cannot move to another network namespace.
 * @throws OctaviaError STARTUP when some of this state directory run elsewhere
 */
export async function requireSameNamespace(stateDir: string, netns: string | null): Promise<void> {
  const instance = await readInstance(stateDir);
  if (!instance || instance.netns === netns || findAllSandboxes(instance).length === 0) return;
  const place = (name: string | null): string => (name === null ? 'the host’s network' : `network namespace ${name}`);
  const flag = instance.netns === null ? 'without --netns' : `with --netns ${instance.netns}`;
  throw new OctaviaError('STARTUP', {
    detail: `The load balancers of ${stateDir} run in ${place(instance.netns)}: start ${flag}, or stop them with down.`,
  });
}
