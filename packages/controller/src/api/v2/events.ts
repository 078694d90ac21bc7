/** `GET /v2/octavia/events`: what happens, as a stream of server-sent events or as a long poll. Ours alone. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import { isUuid } from '../../store/core/table.ts';
import { EVENT_KINDS, type EventKind, readAfter } from '../../store/events/events.ts';
import { type Position, readPosition, writePosition } from '../../store/events/position.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { EventFeed } from '../events/feed.ts';
import { pollEvents } from '../events/poll.ts';
import { EventStream } from '../events/stream.ts';
import { type EventFilter, eventResponse } from '../events/wire.ts';
import { visibleProjects } from '../policy/authorise.ts';
import { queryParameters } from './request.ts';

export const EVENTS_PATH = '/v2/octavia/events';

const PARAMETERS = new Set(['project_id', 'tenant_id', 'loadbalancer_id', 'kind', 'after', 'timeout']);
const LONGEST_WAIT_S = 60;
const USUAL_WAIT_S = 30;
const PAGE = 1_000;

const bad = (detail: string): OctaviaError => new OctaviaError('VALIDATION', { detail });

/** @throws OctaviaError INVALID_FILTER, VALIDATION */
function filterOf(parameters: URLSearchParams, projectId: string | null): EventFilter {
  for (const name of parameters.keys()) if (!PARAMETERS.has(name)) throw new OctaviaError('INVALID_FILTER');
  const kinds = parameters.getAll('kind');
  const unknown = kinds.find((kind) => !(EVENT_KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined) throw bad(`kind must be one of ${EVENT_KINDS.join(', ')}`);
  const loadBalancerId = parameters.get('loadbalancer_id');
  if (loadBalancerId !== null && !isUuid(loadBalancerId)) throw bad('loadbalancer_id must be a UUID');
  return { projectId, loadBalancerId, kinds: kinds.length === 0 ? null : new Set(kinds as EventKind[]) };
}

/** The header is what browsers send by themselves. @throws OctaviaError VALIDATION */
function positionOf(request: FastifyRequest, parameters: URLSearchParams): Position | null {
  const text = request.headers['last-event-id'] ?? parameters.get('after');
  if (text === null || text === undefined || text === '') return null;
  const position = readPosition(String(text));
  if (position === null) throw bad('after must be the id of an event, or the position of an answer');
  return position;
}

/** @throws OctaviaError VALIDATION */
function waitOf(parameters: URLSearchParams): number {
  const text = parameters.get('timeout') ?? String(USUAL_WAIT_S);
  const seconds = Number(text);
  if (!/^\d{1,3}$/.test(text) || seconds > LONGEST_WAIT_S) throw bad(`timeout must be 0 to ${LONGEST_WAIT_S} seconds`);
  return seconds * 1000;
}

const wantsStream = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && /(^|[,\s])text\/event-stream\b/.test(headers.accept ?? '');

/** As it is, without chunks: a batch is one write to the connection. */
function beginStream(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.shouldKeepAlive = false;
  raw.useChunkedEncodingByDefault = false;
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would wait for more.
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  request.raw.socket.setNoDelay(true);
}

export function events(server: FastifyInstance, deps: ApiDependencies): void {
  const { store, config, identity, policy, logger } = deps;
  const feed = new EventFeed(store, config.api_settings.event_readers, logger);
  server.addHook('preClose', () => feed.close());

  async function stream(request: FastifyRequest, reply: FastifyReply, filter: EventFilter, after: Position | null) {
    const recheck = async (): Promise<boolean> => {
      const found = await identity.identify(request.headers);
      if (found === null) return false;
      request.caller = policy.caller(found);
      try {
        return (visibleProjects(request, 'event').projectId ?? null) === filter.projectId;
      } catch {
        return false;
      }
    };
    const reader = new EventStream({ feed, response: reply.raw, filter, recheck });
    await feed.join(reader);
    beginStream(request, reply);
    let position = after ?? feed.position;
    for (let isMore = after !== null; isMore && position !== null && !reader.isOver; ) {
      const before: Position = position;
      const page = await readAfter(store.db, before, filter, PAGE);
      if (page === null) {
        position = feed.position;
        if (position !== null) reader.notice('reload', position);
        break;
      }
      await reader.tellMissed({ ...page, before });
      position = page.position;
      isMore = page.isFull;
    }
    if (position === null) reader.close();
    else reader.begin(position);
  }

  server.get(EVENTS_PATH, async (request, reply) => {
    const { projectId = null } = visibleProjects(request, 'event');
    const parameters = queryParameters(request);
    const filter = filterOf(parameters, projectId);
    const after = positionOf(request, parameters);
    const waitMs = waitOf(parameters);
    if (wantsStream(request)) {
      await stream(request, reply, filter, after).catch((error: unknown) => {
        if (!reply.raw.headersSent) throw error;
        // The client goes on from where it was.
        request.log.warn({ err: error }, 'A stream of events broke off');
        reply.raw.destroy();
      });
      return reply;
    }
    const gone = new AbortController();
    reply.raw.on('close', () => gone.abort());
    const polled = await pollEvents({ executor: store.db, feed }, filter, after, waitMs, gone.signal);
    return {
      events: polled.events.map(eventResponse),
      position: writePosition(polled.position),
      reload: polled.mustReload,
    };
  });
}
