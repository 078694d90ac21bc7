import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Json, TestApi } from '../api/support/api.ts';

/** The project of what nobody claims. */
export const ZEROS = '0'.repeat(36);
export const ROOT = '/v1/loadbalancers';

export interface OperatorApi {
  api: TestApi;
  /** Id of the load balancer of the test. */
  lb: string;
  /** Its path. */
  at: string;
  /** Carries the change out as well. @returns the body of the answer */
  accepted(method: string, path: string, body?: unknown): Promise<Json>;
  post(path: string, body: unknown): Promise<Json>;
  put(path: string, body: unknown): Promise<Json>;
  status(method: string, path: string, body?: unknown): Promise<number>;
  /** @returns the status and the text */
  refusal(method: string, path: string, body?: unknown): Promise<[number, string]>;
  aListener(changes?: object): Promise<Json>;
  aPool(path: string, changes?: object): Promise<Json>;
}

/** The API with version 1 enabled, and a new load balancer for each test of the file. */
export function operatorApi(): OperatorApi {
  const v1 = {
    async accepted(method, path, body) {
      const answer = await v1.api.call(method, path, body);
      expect({ status: answer.status, body: answer.status === 202 ? null : answer.body }).toEqual({
        status: 202,
        body: null,
      });
      await v1.api.settle();
      return answer.body;
    },
    post: (path, body) => v1.accepted('POST', path, body),
    put: (path, body) => v1.accepted('PUT', path, body),
    status: async (method, path, body) => (await v1.api.call(method, path, body)).status,
    async refusal(method, path, body) {
      const answer = await v1.api.call(method, path, body);
      return [answer.status, answer.body.faultstring];
    },
    aListener: (changes = {}) => v1.post(`${v1.at}/listeners`, { protocol: 'HTTP', protocol_port: 80, ...changes }),
    aPool: (path, changes = {}) => v1.post(path, { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...changes }),
  } as OperatorApi;

  beforeAll(async () => {
    v1.api = await TestApi.start({ api_settings: { api_v1_enabled: true } });
  });
  afterAll(() => v1.api.stop());
  beforeEach(async () => {
    v1.lb = (await v1.post(ROOT, { vip: { subnet_id: randomUUID() }, name: 'lb' })).id;
    v1.at = `${ROOT}/${v1.lb}`;
  });
  return v1;
}
