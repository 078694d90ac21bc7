import type { DataplaneModule } from '../interface.ts';

export const dataplane: DataplaneModule = {
  carriesTraffic: false,
  async start() {
    const { NoopDataplaneDriver } = await import('./driver.ts');
    return new NoopDataplaneDriver();
  },
};
