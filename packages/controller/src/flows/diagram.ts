/** Flows as text, made from the very steps that run. */
import type { Operation, OperationKind } from '../domain/operations.ts';
import { OctaviaError } from '../errors.ts';
import { stepNamer } from './fault-points.ts';
import { type Flow, type FlowPart, isParallel, type Step } from './flow.ts';
import { FLOWS } from './registry.ts';
import { TRANSIENT_ERRORS } from './transient-errors.ts';

/** Kinds whose flow OpenStack Octavia names otherwise than by the pattern of the rest. */
const IRREGULAR: Partial<Record<OperationKind, string>> = {
  create_listener: 'octavia-create-listener_flow',
  delete_listener: 'octavia-delete-listener_flow',
  rotate_amphora_certificate: 'octavia-cert-rotate-amphora-flow',
  update_amphora_configuration: 'octavia-update-amp-config-flow',
};

/** The name under which operators of OpenStack Octavia know the flow of a kind. */
export const flowName = (kind: OperationKind): string =>
  IRREGULAR[kind] ?? `octavia-${kind.replace('load_balancer', 'loadbalancer').replaceAll('_', '-')}-flow`;

const TOPOLOGIES = ['SINGLE', 'ACTIVE_STANDBY'] as const;

/** An operation that only its flow looks at. */
function example({ kind, version }: Flow, topology: (typeof TOPOLOGIES)[number]): Operation {
  const id = '00000000-0000-4000-8000-000000000000';
  return {
    id,
    loadBalancerId: id,
    projectId: '',
    kind,
    resourceType: 'load_balancer',
    resourceId: '00000000-0000-4000-8000-000000000001',
    input: { topology },
    flowVersion: version,
    state: 'queued',
    currentStep: null,
    attempts: 0,
    reason: null,
    cause: null,
    abandonReason: null,
    retryOf: null,
    retryNumber: 0,
    workerId: null,
    createdAt: new Date(0),
    startedAt: null,
    endedAt: null,
  };
}

const undone = (step: Step): string => (step.undo ? '  ↶' : '');

/** Steps one under the other; lanes beside each other, drawn one after the other between forks. */
export function diagramOf(parts: FlowPart[]): string {
  const name = stepNamer(
    parts.flatMap((part) => (isParallel(part) ? part.parallel.flat() : [part])).map((s) => s.name),
  );
  const lines = ['●'];
  for (const part of parts) {
    if (!isParallel(part)) {
      lines.push('│', `├─ ${name(part.name)}${undone(part)}`);
      continue;
    }
    lines.push('│', `├┬ ${part.name}, beside each other`);
    part.parallel.forEach((lane, index) => {
      const last = index === part.parallel.length - 1;
      lane.forEach((step, place) => {
        const edge = place > 0 ? (last ? '   ' : '│  ') : last ? '└─ ' : '├─ ';
        lines.push(`│${edge}${name(step.name)}${undone(step)}`);
      });
    });
  }
  return [...lines, '│', '◉ settle: end state and end of the operation, in one transaction'].join('\n');
}

/** The diagrams of a flow: one, or one for each topology when they differ. */
function variants(flow: Flow): { title: string | null; diagram: string }[] {
  const drawn = TOPOLOGIES.map((topology) => ({
    title: topology as string | null,
    diagram: diagramOf(flow.steps(example(flow, topology))),
  }));
  const [first, second] = drawn;
  return first && first.diagram === second?.diagram ? [{ ...first, title: null }] : drawn;
}

const LEGEND = '↶ is undone, last step first, when this step or a later one fails. #1, #2 are amphorae.';

export function listFlows(): string {
  const width = Math.max(...FLOWS.map(({ kind }) => kind.length));
  return FLOWS.map(({ kind, summary = '' }) => `${kind.padEnd(width)}  ${summary}`).join('\n');
}

/** @param name a kind of operation, or the name of a flow of OpenStack Octavia. @throws OctaviaError NOT_FOUND */
export function showFlow(name: string): string {
  const found = FLOWS.filter(({ kind }) => kind === name || flowName(kind) === name);
  if (found.length === 0) throw new OctaviaError('NOT_FOUND', { kind: 'Flow', id: name });
  return found
    .map((flow) => {
      const drawn = variants(flow).map(({ title, diagram }) => (title === null ? diagram : `${title}\n\n${diagram}`));
      const head = `${flow.kind} (${flowName(flow.kind)}), version ${flow.version}\n${flow.summary ?? ''}`;
      return [head, ...drawn, LEGEND].join('\n\n');
    })
    .join('\n\n');
}

/** `docs/flows.md`. */
export function flowsDocument(): string {
  const sections = FLOWS.map((flow) => {
    const drawn = variants(flow).map(({ title, diagram }) => {
      const heading = title === null ? '' : `${title}:\n\n`;
      return `${heading}\`\`\`text\n${diagram}\n\`\`\``;
    });
    return `## ${flow.kind}\n\n\`${flowName(flow.kind)}\`, version ${flow.version}. ${flow.summary ?? ''}\n\n${drawn.join('\n\n')}`;
  });
  return `# Flows

How operations are carried out. A flow is a list of named steps; each is done once, also when the worker dies in between:
another one goes on at the first step that is not recorded as done. ${LEGEND}
The second name of a flow is the one that OpenStack Octavia uses in logs.

Everything ends in one transaction that writes the statuses and the end of the operation. When a step fails, what was begun
is undone and the object gets ERROR with the reason in \`status_reason\`. A load balancer in ERROR can always be failed over
or deleted. What failed for one of these causes is tried again by itself (\`[controller_worker] error_retries\`):
${TRANSIENT_ERRORS.map((cause) => `\`${cause}\``).join(', ')}.
Of a load balancer that is its last operation; of a child, the last about it, once the load balancer is ACTIVE. Where a later
operation gets past the step that failed, the child is in force and becomes ACTIVE with it: not one that was to be deleted,
which goes on waiting for that, and nothing below a listener that the data plane has to do without.

The same is shown by \`octavia flows list\` and \`octavia flows show NAME\`. Generated from
\`packages/controller/src/flows/registry.ts\` by \`scripts/generate-docs.ts\`.

${sections.join('\n\n')}
`;
}
