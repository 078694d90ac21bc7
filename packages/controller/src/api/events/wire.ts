/** Events as clients see them. */
import { OctaviaError } from '../../errors.ts';
import type { EventKind, StoredEvent } from '../../store/events/events.ts';
import { type Position, writePosition } from '../../store/events/position.ts';

export const eventResponse = (event: StoredEvent) => ({
  kind: event.kind,
  at: event.at.toISOString().replace('Z', ''),
  resource_type: event.resourceType,
  resource_id: event.resourceId,
  loadbalancer_id: event.loadBalancerId,
  project_id: event.projectId,
  name: event.name,
  provisioning_status: event.provisioningStatus,
  operating_status: event.operatingStatus,
  reason: event.reason,
  operation: event.operation,
});

/** What a reader asks for, and may see. */
export interface EventFilter {
  projectId: string | null;
  loadBalancerId: string | null;
  /** null: all. */
  kinds: ReadonlySet<EventKind> | null;
}

export const passes = ({ projectId, loadBalancerId, kinds }: EventFilter, event: StoredEvent): boolean =>
  (projectId === null || event.projectId === projectId) &&
  (loadBalancerId === null || event.loadBalancerId === loadBalancerId) &&
  (kinds === null || kinds.has(event.kind));

/** One event as text of a stream. Its id is where to go on behind it. */
export const eventFrame = (event: StoredEvent, behind: Position): string =>
  `id: ${writePosition(behind)}\ndata: ${JSON.stringify(eventResponse(event))}\n\n`;

/** Moves the place where a reader goes on, and keeps the connection from looking dead. Clients see no event. */
export const restFrame = (position: Position): string => `: still here\nid: ${writePosition(position)}\n\n`;

/** What a stream says about itself, by the name of the event. */
const NOTICES = {
  /** Events were missed and cannot be told any more. The stream goes on from here. */
  reload: 'EVENTS_FORGOTTEN',
  /** The reader did not keep up. It may come back where it was. */
  dropped: 'EVENT_READER_SLOW',
  /** The process ends. */
  closing: 'SERVICE_STOPPING',
  /** The token ended, or what it allows. */
  unauthorized: 'UNAUTHENTICATED',
} as const;

export type Notice = keyof typeof NOTICES;

export function noticeFrame(notice: Notice, position: Position | null = null): string {
  const { code, message } = new OctaviaError(NOTICES[notice]);
  const id = position === null ? '' : `id: ${writePosition(position)}\n`;
  return `${id}event: ${notice}\ndata: ${JSON.stringify({ code, message })}\n\n`;
}

/** The first word of a stream: from here on, nothing is missed. */
export const readyFrame = (position: Position): string => `id: ${writePosition(position)}\nevent: ready\ndata: {}\n\n`;
