import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogOffloading, parseLogTarget, renderLogOffloading } from '../../../src/dataplane/rsyslog/offloading.ts';
import { writeScript } from '../../../src/dataplane/rsyslog/script.ts';

const none: LogOffloading = {
  adminTargets: [],
  tenantTargets: [],
  protocol: 'UDP',
  retryCount: 5,
  retryInterval: 2,
  queueSize: 10_000,
  adminFacility: 1,
  tenantFacility: 0,
  forwardAll: false,
  disableLocalStorage: false,
};

const receiver = { host: '192.0.2.1', port: 514 };

describe('log receivers', () => {
  it.each([
    ['192.0.2.1:10514', { host: '192.0.2.1', port: 10514 }],
    ['2001:db8:1::10:10514', { host: '2001:db8:1::10', port: 10514 }],
    ['[2001:db8:1::10]:10514', { host: '2001:db8:1::10', port: 10514 }],
    ['logs.example.org:514', { host: 'logs.example.org', port: 514 }],
  ])('reads %s', (text, target) => {
    expect(parseLogTarget(text, 'o')).toEqual(target);
  });

  it.each(['', 'host', ':514', 'host:', 'host:0', 'host:65536', 'ho st:514', 'host":514', '-x:514'])(
    'refuses %j and names the option',
    (text) => {
      expect(() => parseLogTarget(text, '[amphora_agent] admin_log_targets')).toThrow(/admin_log_targets.*host:port/s);
    },
  );
});

describe('rules', () => {
  it('are none without receivers', () => {
    expect(renderLogOffloading(none)).toBe('');
  });

  it('send connections and what the programs say to their own receivers', () => {
    const text = renderLogOffloading({
      ...none,
      adminTargets: [receiver],
      tenantTargets: [{ host: '2001:db8::1', port: 515 }],
      adminFacility: 3,
      tenantFacility: 2,
    });
    expect(text).toBe(
      `ruleset(name="tenant" queue.type="linkedList" queue.size="10000") {
    action(type="omfwd" target="2001:db8::1" port="515" protocol="udp" action.resumeRetryCount="5" action.resumeInterval="2")
}
local2.=info call tenant
ruleset(name="administrative" queue.type="linkedList" queue.size="10000") {
    action(type="omfwd" target="192.0.2.1" port="514" protocol="udp" action.resumeRetryCount="5" action.resumeInterval="2")
}
local3.* call administrative
`,
    );
  });

  it('leave connections out of "all logs"', () => {
    const text = renderLogOffloading({ ...none, adminTargets: [receiver], forwardAll: true });
    expect(text).toContain('*.*;local0.none call administrative');
  });

  it('end with throwing everything away when nothing may reach the disk', () => {
    const text = renderLogOffloading({ ...none, adminTargets: [receiver], disableLocalStorage: true });
    expect(text.trimEnd().split('\n').at(-1)).toBe('*.* stop');
  });
});

it('no text leaves its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let script: string;
      try {
        script = writeScript([{ call: 'action', parameters: { target: text } }]);
      } catch {
        return;
      }
      const inside = /^action\(target="((?:[^"\\]|\\.)*)"\)\n$/su.exec(script)?.[1];
      expect(inside?.replace(/\\(.)/gsu, '$1')).toBe(text);
      expect(script.split('\n')).toHaveLength(2);
    }),
  );
});
