/** What `up` prints, pasted into a shell as a newcomer would. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { OCTAVIA, SYSTEM_PATH } from './openstack.ts';

interface Surroundings {
  stateDir: string;
  /** For what the client keeps. */
  home: string;
  /** Whether load balancers answer. */
  real: boolean;
}

interface Ended {
  code: number;
  output: string;
}

/** @returns how many checks failed */
export async function pasteBanner(printed: string, { stateDir, home, real }: Surroundings): Promise<number> {
  let failed = 0;
  const check = (what: string, ok: boolean, otherwise: string): void => {
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${what}\n`);
    if (ok) return;
    failed += 1;
    process.stdout.write(`     ${otherwise.replaceAll('\n', '\n     ')}\n`);
  };
  const env = { PATH: `${SYSTEM_PATH}:${dirname(process.execPath)}`, HOME: home, LC_ALL: 'C.UTF-8' };
  const shell = (script: string): Promise<Ended> =>
    new Promise((resolve) => {
      const child = execFile('sh', ['-c', script], { env, timeout: 120_000 }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
      );
    });

  const commands = [...printed.matchAll(/^ {2}(.+)$/gm)].map(([, command]) => command ?? '');
  const down = commands.filter((command) => command.startsWith('npm run down'));
  const pasted = commands.filter((command) => !down.includes(command));
  // The last one in the background is the back end; it would keep the shell waiting.
  const { code, output } = await shell(`set -e\n${pasted.join('\n')}\n${real ? 'kill $!' : ''}`);
  check('the commands that up prints', code === 0, output);
  const answers = output.match(/^Hello from the back end$/gm)?.length ?? 0;
  check('their load balancers answer', answers === (real ? 2 : 0), output);
  check('the command for down names the state directory', down.join().includes(stateDir), down.join());

  const subnets = await shell(`${process.execPath} ${OCTAVIA} subnets --state-dir ${stateDir}`);
  const shown = [...printed.matchAll(/^(?:Public|Private) (?:IPv6 )?subnet +(\S+) +(\S+)$/gm)];
  const missing = shown.flat().filter((text) => !text.includes('subnet ') && !subnets.output.includes(text));
  const complete = subnets.code === 0 && shown.length >= 2 && missing.length === 0;
  check('octavia subnets shows the subnets that up printed', complete, subnets.output);
  return failed;
}
