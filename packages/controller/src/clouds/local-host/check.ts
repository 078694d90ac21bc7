/** Says before the first start what a host lacks for the local cloud, one sentence per missing thing. */
import { CommandError, runTool } from './command.ts';

interface Tool {
  command: string[];
  /** Debian and Ubuntu package. */
  package: string;
  purpose: string;
}

const TOOLS: Tool[] = [
  { command: ['ip', '-V'], package: 'iproute2', purpose: 'bridges and virtual interfaces' },
  { command: ['nsenter', '--version'], package: 'util-linux', purpose: 'work inside network namespaces' },
  { command: ['bwrap', '--version'], package: 'bubblewrap', purpose: 'the sandboxes of amphorae' },
  { command: ['haproxy', '-v'], package: 'haproxy', purpose: 'load balancing' },
  { command: ['keepalived', '--version'], package: 'keepalived', purpose: 'the VIP of active-standby pairs' },
  { command: ['nft', '--version'], package: 'nftables', purpose: 'allowed CIDRs and UDP rules' },
];

async function missingTools(): Promise<Tool[]> {
  const found = await Promise.all(
    TOOLS.map(async (tool) => {
      try {
        await runTool(tool.command);
        return true;
      } catch (error) {
        // A tool that ran and disliked the option is installed.
        return error instanceof CommandError && error.exitCode !== null;
      }
    }),
  );
  return TOOLS.filter((_, index) => !found[index]);
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Tries a thing for real, in a network namespace that ends with the command. */
async function probe(command: string[], input: string, sentence: string): Promise<string[]> {
  try {
    await runTool(command, { input });
    return [];
  } catch (error) {
    return [`${sentence} (${reason(error)})`];
  }
}

async function probeKernel(): Promise<string[]> {
  const namespace = ['unshare', '--net'];
  const lacks = await probe([...namespace, 'true'], '', 'The kernel or container refuses network namespaces.');
  if (lacks.length > 0) return lacks;
  const batch = [...namespace, 'ip', '-batch', '-'];
  const answers = await Promise.all([
    probe(batch, 'link add name probe0 type bridge\n', 'The kernel has no bridges (module "bridge").'),
    probe(batch, 'link add probe0 type veth peer name probe1\n', 'The kernel has no veth pairs (module "veth").'),
  ]);
  return answers.flat();
}

/** The empty list means that the local cloud can run here. */
export async function checkHost(): Promise<string[]> {
  const missing = await missingTools();
  const sentences = missing.map(
    (tool) => `${tool.command[0]} is missing (${tool.purpose}): apt-get install ${tool.package}`,
  );
  if (process.getuid?.() !== 0) {
    return ['The local cloud makes network interfaces and sandboxes, so it must run as root.', ...sentences];
  }
  const names = new Set(missing.map((tool) => tool.command[0]));
  if (!names.has('ip') && !names.has('nsenter')) sentences.push(...(await probeKernel()));
  if (!names.has('bwrap')) {
    const sandbox = ['bwrap', '--unshare-net', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc', 'true'];
    sentences.push(...(await probe(sandbox, '', 'bubblewrap cannot start a sandbox here.')));
  }
  return sentences;
}
