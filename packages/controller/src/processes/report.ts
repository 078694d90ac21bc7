/** What a service adds to its report: all options. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportWhenAsked } from '@octavia/protocol/guru-meditation';
import { type Config, registeredOptions } from '../config/index.ts';

const version = (): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }).version;

/** All options by section, `default` before the others; secrets are covered. */
function configuration(config: Config): string {
  const sections = new Map<string, string[]>();
  for (const { section, name, option } of registeredOptions()) {
    const value = (config[section] as Record<string, unknown>)[name];
    const text = value === null || value === undefined ? '<None>' : option.type.format(value);
    const title = section === 'DEFAULT' ? 'default' : section;
    const lines = sections.get(title) ?? [];
    sections.set(title, [...lines, `  ${name} = ${option.secret && text !== '<None>' ? '***' : text}`]);
  }
  const first = (title: string) => (title === 'default' ? 0 : 1);
  return [...sections]
    .sort(([a], [b]) => first(a) - first(b) || (a < b ? -1 : 1))
    .map(([title, lines]) => `${title}:\n${lines.sort().join('\n')}`)
    .join('\n\n');
}

/** @param config of the process at the time @returns ends it */
export function reportOnSignal(service: string, config: () => Config): () => void {
  const { log_dir, file_event_handler, file_event_handler_interval } = config().oslo_reports;
  return reportWhenAsked({
    service,
    version: version(),
    settings: { directory: log_dir, watched: file_event_handler, watchSeconds: file_event_handler_interval },
    sections: [{ title: 'Configuration', body: () => configuration(config()) }],
  });
}
