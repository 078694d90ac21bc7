import type { ComputeModule } from '../../clouds/compute/interface.ts';
import type { DriverModule } from '../../clouds/driver.ts';
import { DRIVERS, type Need } from './table.ts';

type AnyModule = DriverModule<unknown, never> & Pick<ComputeModule, 'brings'>;

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

async function row(option: string, name: string, load: () => Promise<AnyModule>): Promise<string> {
  const { needs = [], brings } = await load();
  const alongside = brings === undefined ? '' : quoted(Object.values(brings));
  return `| \`${option}\` | \`${name}\` | ${quoted(needs)} | ${alongside} |`;
}

/** A table of all drivers in Markdown: the option, its values, options that may not be empty, drivers that come along. */
export async function driversReference(): Promise<string> {
  const needs: Need<AnyModule>[] = Object.values(DRIVERS);
  const rows = await Promise.all(
    needs.flatMap(({ option, modules }) => Object.entries(modules).map(([name, load]) => row(option, name, load))),
  );
  return `| option | driver | needs | comes with |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}
