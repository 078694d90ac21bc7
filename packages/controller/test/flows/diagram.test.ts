import { describe, expect, test } from 'vitest';
import { OPERATION_KINDS } from '../../src/domain/operations.ts';
import { diagramOf, flowName, flowsDocument, listFlows, showFlow } from '../../src/flows/diagram.ts';
import { FLOWS } from '../../src/flows/registry.ts';

const step = (name: string, undo?: () => Promise<void>) => ({
  name,
  run: async () => undefined,
  ...(undo ? { undo } : {}),
});

describe('names that OpenStack Octavia has', () => {
  test.each([
    ['create_load_balancer', 'octavia-create-loadbalancer-flow'],
    ['delete_load_balancer', 'octavia-delete-loadbalancer-flow'],
    ['update_load_balancer', 'octavia-update-loadbalancer-flow'],
    ['failover_load_balancer', 'octavia-failover-loadbalancer-flow'],
    ['failover_amphora', 'octavia-failover-amphora-flow'],
    ['delete_amphora', 'octavia-delete-amphora-flow'],
    ['rotate_amphora_certificate', 'octavia-cert-rotate-amphora-flow'],
    ['update_amphora_configuration', 'octavia-update-amp-config-flow'],
    ['create_listener', 'octavia-create-listener_flow'],
    ['delete_listener', 'octavia-delete-listener_flow'],
    ['update_listener', 'octavia-update-listener-flow'],
    ['create_health_monitor', 'octavia-create-health-monitor-flow'],
    ['delete_l7policy', 'octavia-delete-l7policy-flow'],
    ['delete_l7rule', 'octavia-delete-l7rule-flow'],
    ['batch_update_members', 'octavia-batch-update-members-flow'],
  ] as const)('%s is %s', (kind, name) => expect(flowName(kind)).toBe(name));

  test('are all different', () => expect(new Set(OPERATION_KINDS.map(flowName)).size).toBe(OPERATION_KINDS.length));
});

test('a flow is drawn with its lanes and what is undone', () => {
  const undo = async () => undefined;
  const one = '00000000-0000-4000-8000-000000000001';
  const parts = [
    step('first', undo),
    { name: 'both', parallel: [[step(`boot ${one}`, undo), step('wait')], [step('other')]] },
    step('last'),
  ];
  expect(diagramOf(parts).split('\n')).toEqual([
    '●',
    '│',
    '├─ first  ↶',
    '│',
    '├┬ both, beside each other',
    '│├─ boot #1  ↶',
    '││  wait',
    '│└─ other',
    '│',
    '├─ last',
    '│',
    '◉ settle: end state and end of the operation, in one transaction',
  ]);
});

test('every flow is listed, shown by both names, and in the document', () => {
  const document = flowsDocument();
  for (const { kind, summary } of FLOWS) {
    expect(listFlows()).toContain(`${kind} `);
    expect(showFlow(kind)).toBe(showFlow(flowName(kind)));
    expect(showFlow(kind)).toContain(summary);
    expect(document).toContain(`## ${kind}\n\n\`${flowName(kind)}\``);
  }
  expect(() => showFlow('octavia-no-such-flow')).toThrow('Flow octavia-no-such-flow not found.');
});
