/** The command line as one file, away from the repository, on the pinned Node and on that of the system. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli } from '../../../packages/cli/build.ts';
import { runOctavia } from './octavia.ts';
import type { Report } from './report.ts';

/** Processor time of `loadbalancer --help` against an empty program. */
const BAR = 1.6;
/** The smallest of so many runs, which take turns. */
const RUNS = 9;

/** @returns milliseconds of processor time, user and system */
function cpu(node: string, ...words: string[]): number {
  const script = '"$@" >/dev/null 2>&1; times';
  const text = execFileSync('bash', ['-c', script, 'bash', node, ...words], { encoding: 'utf8' });
  const seconds = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return seconds.reduce((sum, each) => sum + each, 0) * 1000;
}

/** Words before the cursor → what bash offers. */
const COMPLETIONS: readonly (readonly [string[], string])[] = [
  [['loadb'], 'loadbalancer'],
  [['loadbalancer', 'li'], 'list listener'],
  [['loadbalancer', 'list', '--prov'], '--provisioning-status --provider'],
  [['loadbalancer', 'list', '-f', ''], 'csv json table value yaml'],
  [['loadbalancer', 'delete', 'lb', '--c'], '--cascade --curl'],
  [['operations', 're'], 'resume reset'],
];

function checkCompletion(node: string, file: string, report: Report): void {
  const script =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's own
    'source <("$0" "$1" completion bash); shift; COMP_WORDS=(octavia "$@"); COMP_CWORD=$#; _octavia; echo "${COMPREPLY[*]}"';
  for (const [words, offered] of COMPLETIONS) {
    const { stdout } = spawnSync('bash', ['-c', script, node, file, ...words], { encoding: 'utf8' });
    report.equal(`completion of ${words.join(' ')}`, stdout, `${offered}\n`);
  }
}

/** Of zsh, which leaves out by itself what does not begin like the word. */
const ZSH = `autoload -U compinit && compinit -u -D
source <("$1" "$2" completion zsh)
f() { emulate -L sh; setopt kshglob ksharrays noshglob braceexpand; COMP_WORDS=(octavia loadbalancer li); COMP_CWORD=2; _octavia; }
f
for word in "\${COMPREPLY[@]}"; do case "$word" in li*) print -rn -- "$word " ;; esac; done`;
const FISH =
  'function octavia; end; $argv[1] $argv[2] completion fish | source; complete -C "octavia loadbalancer li" | string match "li*" | string join " "';

/** The same by the completion of zsh and of fish. */
const OTHER_SHELLS: readonly (readonly [string, string[]])[] = [
  ['zsh', ['-f', '-c', ZSH, 'zsh']],
  ['fish', ['-c', FISH]],
];

function checkOtherShells(node: string, file: string, home: string, report: Report): void {
  for (const [shell, words] of OTHER_SHELLS) {
    const env = { HOME: home, PATH: '/usr/bin:/bin' };
    const { stdout, stderr } = spawnSync(`/usr/bin/${shell}`, [...words, node, file], { encoding: 'utf8', env });
    report.equal(`completion in ${shell}`, `${stdout}${stderr}`.trim(), 'list listener');
  }
}

export async function checkBundle(folder: string, endpoint: string, report: Report): Promise<void> {
  report.section('one file');
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  const file = await buildCli(elsewhere);
  const empty = join(elsewhere, 'empty.cjs');
  writeFileSync(empty, '');
  const connection = ['--os-auth-type', 'none', '--os-endpoint', endpoint];
  for (const node of [process.execPath, '/usr/bin/node']) {
    const run = (...words: string[]) => {
      const { status, stdout, stderr } = spawnSync(node, [file, ...words], {
        cwd: elsewhere,
        encoding: 'utf8',
        env: {},
      });
      return { code: status, stdout, stderr };
    };
    for (const words of [
      ['loadbalancer', 'list'],
      ['loadbalancer', 'show', 'lb', '-f', 'yaml'],
      ['loadbalancer', 'show', 'nothing'],
    ]) {
      const all = [...connection, ...words];
      report.equal(`${node} ${words.join(' ')}`, run(...all), await runOctavia(all));
    }
    const up = run('up');
    const sentence = '"octavia up" looks after an installation: install the package @octavia/controller, too.\n';
    report.equal(`${node} up`, up, { code: 1, stdout: '', stderr: sentence });
    const pipe = spawnSync('bash', ['-c', `"$0" "$@" | true; echo \${PIPESTATUS[0]}`, node, file, 'help'], {
      encoding: 'utf8',
    });
    report.compared(
      `${node} into a closed pipe`,
      /^(0|141)\n$/.test(pipe.stdout) && pipe.stderr === '' ? null : `${pipe.stdout}${pipe.stderr}`,
    );
    let [bare, help] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // The smallest times are the program's own; on a busy machine they take a while to be seen.
    for (let count = 0; count < RUNS || (help > BAR * bare && count < 6 * RUNS); count += 1) {
      bare = Math.min(bare, cpu(node, empty));
      help = Math.min(help, cpu(node, file, 'loadbalancer', '--help'));
    }
    checkCompletion(node, file, report);
    checkOtherShells(node, file, elsewhere, report);
    const ratio = help / bare;
    process.stdout.write(
      `${node}: loadbalancer --help ${help.toFixed(0)} ms, an empty program ${bare.toFixed(0)} ms, ${ratio.toFixed(2)} times\n`,
    );
    report.compared(`${node} start`, ratio <= BAR ? null : `${ratio.toFixed(2)} is more than ${BAR}`);
  }
}
