/**
 * When `up` replaces itself by the same command inside a namespace, its handlers of signals go with it, and the new program
 * needs a moment to set its own. Whoever ends it in that moment would leave what was made so far. A guard outside waits
 * for the moment to pass.
 */
import { spawn } from 'node:child_process';
import { identify } from '../../clouds/local-host/process.ts';

const GUARD = 'OCTAVIA_UP_GUARD';

/**
 * $1: our pid; $2: what its stat file says of its start; $3: the state directory; $4: whether it was made; $5: the namespace, if
 * it was. Nothing of somebody who came after us is touched.
 */
const SCRIPT = `
start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
while [ "$(start "$1")" = "$2" ]; do sleep 0.1; done
if grep -qs '"pid": '"$1", "$3/control-plane.json"; then
  rm -f "$3/control-plane.json"* "$3/netns.json"
  [ -n "$4" ] && rmdir "$3" 2>/dev/null
fi
[ -n "$5" ] && ! ip -n "$5" -brief link 2>/dev/null | grep -q '^o[0-9a-f]*mgt' && ip netns delete "$5" 2>/dev/null
exit 0`;

export interface Unfinished {
  stateDir: string;
  madeStateDir: boolean;
  /** The namespace, when it was made for this start. */
  madeNamespace: string | null;
}

export function guardTheWayInside({ stateDir, madeStateDir, madeNamespace }: Unfinished): void {
  const self = identify(process.pid);
  if (self === null) return;
  const words = [String(self.pid), String(self.startTime), stateDir, madeStateDir ? 'made' : ''];
  const child = spawn('sh', ['-c', SCRIPT, 'octavia-up-guard', ...words, madeNamespace ?? ''], {
    cwd: '/',
    // A session of its own: Ctrl-C at the terminal is not for it.
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => undefined);
  child.unref();
  // For the program inside, and for us should the way inside fail.
  if (child.pid !== undefined) process.env[GUARD] = String(child.pid);
}

/** Once our own handlers are set, or everything is taken back already. */
export function dismissGuard(): void {
  const pid = Number(process.env[GUARD] ?? 0);
  delete process.env[GUARD];
  if (!(pid > 1)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
