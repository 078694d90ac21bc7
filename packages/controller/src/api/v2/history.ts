/** What was: transitions of members' health, and traffic in steps. Ours alone. */
import type { FastifyInstance } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import { isUuid } from '../../store/core/table.ts';
import * as history from '../../store/resources/history.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { parameter, queryParameters } from './request.ts';

const HISTORY_PATH = '/v2/octavia/loadbalancers/:id/history';
const MOST = 1_000;
const USUAL = 100;

const bad = (detail: string): OctaviaError => new OctaviaError('VALIDATION', { detail });
const time = (date: Date): string => date.toISOString().replace('Z', '');

function limitOf(text: string | null): number {
  if (text === null) return USUAL;
  const limit = Number(text);
  if (!/^\d{1,4}$/.test(text) || limit < 1 || limit > MOST) throw bad(`limit must be 1 to ${MOST}`);
  return limit;
}

function memberOf(text: string | null): string | null {
  if (text !== null && !isUuid(text)) throw bad('member_id must be a UUID');
  return text;
}

function stepOf(text: string | null): history.Step {
  const step = Number(text ?? 300);
  if (step !== 300 && step !== 3600) throw bad('step must be 300 or 3600');
  return step;
}

export function histories(server: FastifyInstance, { store }: ApiDependencies): void {
  const { db } = store;

  server.get(`${HISTORY_PATH}/health`, async (request) => {
    const id = parameter(request);
    const loadBalancer = found(await loadBalancers.get(db, id), 'Load Balancer', id);
    authorise(request, 'loadbalancer:get_status', loadBalancer.projectId);
    const query = queryParameters(request);
    const [memberId, limit] = [memberOf(query.get('member_id')), limitOf(query.get('limit'))];
    const rows = await history.transitions(db, loadBalancer.id, memberId, limit);
    return {
      transitions: rows.map(({ memberId: member, at, status, reason }) => ({
        member_id: member,
        at: time(at),
        operating_status: status,
        reason,
      })),
    };
  });

  server.get(`${HISTORY_PATH}/statistics`, async (request) => {
    const id = parameter(request);
    const loadBalancer = found(await loadBalancers.get(db, id), 'Load Balancer', id);
    authorise(request, 'loadbalancer:get_stats', loadBalancer.projectId);
    const step = stepOf(queryParameters(request).get('step'));
    const listeners = await history.ofLoadBalancer(db, loadBalancer.id, step);
    return {
      step,
      listeners: listeners.map(({ listenerId, begins, steps }) => {
        const column = (place: number): number[] => steps.map((counts) => counts[place] ?? 0);
        return {
          listener_id: listenerId,
          begins_at: time(begins),
          bytes_in: column(0),
          bytes_out: column(1),
          total_connections: column(2),
          request_errors: column(3),
          active_connections: column(4),
        };
      }),
    };
  });
}
