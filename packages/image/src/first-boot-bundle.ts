/** Bundles the program of the first boot into one file that needs nothing but Node. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Writes the bundle; the folder must exist. */
export async function bundleFirstBoot(outFile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('./guest/main.ts', import.meta.url))],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
}
