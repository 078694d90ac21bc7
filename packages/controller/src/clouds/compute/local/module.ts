import type { HealthFinding } from '../../driver.ts';
import { agentBundleOf } from '../../local-host/agent-bundle.ts';
import { checkHost } from '../../local-host/check.ts';
import { requireInstance } from '../../local-host/instance.ts';
import type { ComputeModule } from '../interface.ts';

export const compute: ComputeModule = {
  needs: ['[local_cloud] state_dir'],
  brings: { image: 'image_local_driver', volume: 'volume_local_driver' },
  logsOnlyWhenForwarding: true,
  async start({ config, log, others }) {
    const instance = await requireInstance(config.local_cloud.state_dir);
    const { LocalComputeDriver } = await import('./driver.ts');
    const { agent_node } = config.local_cloud;
    return new LocalComputeDriver({
      instance,
      network: await others.network(),
      agentBundle: agentBundleOf(instance.stateDir),
      ...(agent_node ? { agentNode: agent_node } : {}),
      onRecoverError: (id, error) => log.error({ amphora: id, err: error }, 'An amphora could not be booted again'),
    });
  },
  async health(driver): Promise<HealthFinding[]> {
    const sentence = driver.ipvsMissing?.() ?? null;
    if (process.getuid?.() !== 0) return [{ result: 'success', details: 'Not looked at: that takes root' }];
    const lacks = await checkHost();
    if (lacks.length > 0) return [{ result: 'failure', details: lacks.join('\n') }];
    const limits = sentence === null ? '' : `, without UDP and SCTP: ${sentence}`;
    return [{ result: 'success', details: `This host can run amphorae${limits}` }];
  },
};
