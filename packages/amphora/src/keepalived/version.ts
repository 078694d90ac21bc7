import type { RunCommand } from '../system/run.ts';

/** Reads `keepalived --version`; null when the program is missing. */
export async function keepalivedVersion(run: RunCommand, keepalived: string): Promise<string | null> {
  const { stderr, stdout } = await run(keepalived, ['--version']);
  return /^Keepalived v(\d+(?:\.\d+)*)/m.exec(`${stdout}${stderr}`)?.[1] ?? null;
}
