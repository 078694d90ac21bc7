import type { Step } from '../flow.ts';
import { loadTree } from './load-tree.ts';

/** Makes the desired state the running configuration of every amphora that serves the load balancer. */
export const applyConfiguration: Step = {
  name: 'apply configuration',
  async run(context) {
    const tree = await loadTree(context);
    const serving = tree.amphorae.filter((amphora) => amphora.status === 'ALLOCATED');
    const outcomes = await Promise.all(serving.map((amphora) => context.dataplane.apply(amphora, tree)));
    return outcomes.map((outcome) => outcome.method).join(', ');
  },
};
