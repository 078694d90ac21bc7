import type { OctaviaClient } from '@octavia/client';
import type { Cleanup } from '../demo/cleanup.ts';
import type { ControlPlane } from '../demo/control-plane.ts';

/** What every measurement of real amphorae works with. */
export interface Bench {
  client: OctaviaClient;
  controlPlane: ControlPlane;
  stateDir: string;
  cleanup: Cleanup;
  say(line: string): void;
}
