import { int, section, string } from '../option.ts';

export const oslo_reports = section(
  'Reports of a process about itself, for support: on SIGUSR2, or when a file is touched.',
  {
    log_dir: string(null, 'Folder that reports are written to; unset: standard error.'),
    file_event_handler: string(null, 'A file whose change makes the process report, besides the signal SIGUSR2.'),
    file_event_handler_interval: int(1, 'Seconds between looks at file_event_handler.', { min: 1 }),
  },
);
