import { section, string } from '../option.ts';

export const oslo_messaging = section('The message bus in common.', {
  topic: string(null, 'RPC topic.'),
});
