/** Reads the answers that carry more than "OK". An agent of another version may answer anything. */
import type {
  ActionDone,
  AgentCertificateFiles,
  AgentInterface,
  AgentSessions,
  ConfigurationUploaded,
} from '@octavia/protocol/agent-api';
import { OctaviaError } from '../../errors.ts';
import { type AgentAnswer, answerDetail } from './failure.ts';

function fieldsOf(answer: AgentAnswer): Record<string, unknown> {
  return typeof answer.json === 'object' && answer.json !== null ? (answer.json as Record<string, unknown>) : {};
}

function unexpected(amphoraId: string, request: string, answer: AgentAnswer): OctaviaError {
  const detail = `an answer of another shape than expected: ${answerDetail(answer)}`;
  return new OctaviaError('AMPHORA_REFUSED', { id: amphoraId, status: answer.status, request, detail });
}

/** All that HAProxy said of a configuration that it refused. */
export function refusalWords(answer: AgentAnswer): string {
  const { details } = fieldsOf(answer);
  return typeof details === 'string' ? details : answerDetail(answer);
}

type Uploaded = Pick<ConfigurationUploaded, 'uploaded' | 'running'>;

/** Null from agents that do not say what runs. */
export function uploadedIn(answer: AgentAnswer): Uploaded | null {
  const { uploaded, running } = fieldsOf(answer);
  if (typeof uploaded !== 'string' || (typeof running !== 'string' && running !== null)) return null;
  return { uploaded, running };
}

/** What runs beside what was uploaded. Agents of OpenStack do not say: `unknown`. */
type Running = 'same' | 'other' | 'nothing' | 'unknown';

export interface UploadAnswer {
  running: Running;
  /** Files of certificates that the load balancer has; 0 from agents that do not say. */
  certificates: number;
}

export function readUploaded(amphoraId: string, answer: AgentAnswer): UploadAnswer {
  const { certificates, message } = fieldsOf(answer);
  const told = uploadedIn(answer);
  if (told === null) {
    if (message !== 'OK') throw unexpected(amphoraId, 'upload', answer);
    return { running: 'unknown', certificates: 0 };
  }
  const running = told.running === null ? 'nothing' : told.running === told.uploaded ? 'same' : 'other';
  return { running, certificates: typeof certificates === 'number' ? certificates : 0 };
}

/** Listeners of the given types that the amphora holds, running or not. */
export function readListenerIds(amphoraId: string, answer: AgentAnswer, types: readonly string[]): string[] {
  if (!Array.isArray(answer.json)) throw unexpected(amphoraId, 'listeners', answer);
  return answer.json.flatMap((entry: unknown) => {
    const { uuid, type } = (entry ?? {}) as Record<string, unknown>;
    return typeof uuid === 'string' && typeof type === 'string' && types.includes(type) ? [uuid] : [];
  });
}

/** Names without their ending. */
export function readCertificateNames(amphoraId: string, answer: AgentAnswer): Set<string> {
  const { certificates }: Partial<Record<keyof AgentCertificateFiles, unknown>> = fieldsOf(answer);
  if (!Array.isArray(certificates)) throw unexpected(amphoraId, 'certificates', answer);
  const names = certificates.filter((name) => typeof name === 'string');
  return new Set(names.map((name) => name.replace(/\.pem$/, '')));
}

export function readInterface(amphoraId: string, answer: AgentAnswer): AgentInterface['interface'] {
  const { interface: name } = fieldsOf(answer);
  if (typeof name === 'string' && name !== '') return name;
  throw unexpected(amphoraId, 'interface', answer);
}

const METHODS: readonly ActionDone['applied'][] = ['start', 'reload', 'runtime', 'stop', 'none'];

/** How a change was applied; null from agents that do not say. */
export function readApplied(answer: AgentAnswer): ActionDone['applied'] | null {
  const { applied } = fieldsOf(answer);
  return METHODS.find((method) => method === applied) ?? null;
}

/** Whether it knows the sessions of the others; null from agents that do not say. */
export function readSessions(answer: AgentAnswer): boolean | null {
  const { kept, learned }: Partial<Record<keyof AgentSessions, unknown>> = fieldsOf(answer);
  if (typeof kept !== 'boolean' || typeof learned !== 'boolean') return null;
  return learned || !kept;
}
