import type { ComputeModule } from '../interface.ts';

export const compute: ComputeModule = {
  brings: { image: 'image_noop_driver', volume: 'volume_noop_driver' },
  async start({ config }) {
    const { NoopComputeDriver } = await import('./driver.ts');
    return new NoopComputeDriver({ buildLatencyMs: config.compute.noop_boot_time * 1000 });
  },
};
