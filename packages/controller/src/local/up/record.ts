import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../clouds/local-host/process.ts';
import { OctaviaError } from '../../errors.ts';
import { isAbsent, readTextIfPresentSync } from '../../files/optional.ts';

interface RecordedSubnet {
  id: string;
  cidr: string;
  gatewayIp: string;
}

export interface RecordedSubnets {
  public: RecordedSubnet;
  private: RecordedSubnet;
  /** Null where the cloud speaks IPv4 alone. */
  publicIpv6: RecordedSubnet | null;
  privateIpv6: RecordedSubnet | null;
}

/** `<state>/control-plane.json`: which process holds the state directory, and how to reach it. */
export interface ControlPlaneRecord extends ProcessIdentity {
  netns: string | null;
  /** Null while it starts. */
  endpoint: string | null;
  host: string | null;
  port: number | null;
  subnets: RecordedSubnets | null;
}

const recordFile = (stateDir: string): string => join(stateDir, 'control-plane.json');

/** The living control plane of a state directory, or null. */
export function findControlPlane(stateDir: string): ControlPlaneRecord | null {
  const record = readRecord(recordFile(stateDir));
  return record && isAlive(record) ? record : null;
}

/**
 * Takes the state directory for this process; the record is the lock. It is written under another name and linked into
 * place, so that it is never seen incomplete. Taken again by the same process (after it replaced its image) is fine.
 * @throws OctaviaError STATE_DIR_TAKEN when another living process holds it
 */
export function claimStateDirectory(stateDir: string, netns: string | null): void {
  const file = recordFile(stateDir);
  const draft = `${file}.${process.pid}`;
  const self = identify(process.pid);
  if (self === null) throw new OctaviaError('PROC_MISSING');
  const record: ControlPlaneRecord = { ...self, netns, endpoint: null, host: null, port: null, subnets: null };
  try {
    writeFileSync(draft, serialise(record), { mode: 0o644 });
    while (!tryLink(draft, file)) {
      const holder = readRecord(file);
      if (holder && isAlive(holder)) {
        if (holder.pid === self.pid && holder.startTime === self.startTime) return;
        throw alreadyRuns(stateDir, holder);
      }
      discardStale(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Two starters may find the same dead record: the one whose rename takes something else puts it back. */
function discardStale(file: string, stale: ControlPlaneRecord | null): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  const taken = readRecord(aside);
  if (taken && isAlive(taken) && taken.pid !== stale?.pid) tryLink(aside, file);
  rmSync(aside, { force: true });
}

export function completeRecord(stateDir: string, reached: Omit<ControlPlaneRecord, 'pid' | 'startTime'>): void {
  const self = identify(process.pid);
  if (self === null) return;
  const draft = `${recordFile(stateDir)}.${process.pid}`;
  writeFileSync(draft, serialise({ ...self, ...reached }), { mode: 0o644 });
  renameSync(draft, recordFile(stateDir));
}

/** Only the own record is removed. */
export function releaseStateDirectory(stateDir: string): void {
  const record = readRecord(recordFile(stateDir));
  if (record?.pid === process.pid) rmSync(recordFile(stateDir), { force: true });
}

export function alreadyRuns(stateDir: string, holder: ControlPlaneRecord): OctaviaError {
  const where = holder.endpoint === null ? '' : ` and answers at ${holder.endpoint}`;
  const inside = holder.netns === null ? '' : ` in network namespace ${holder.netns}`;
  return new OctaviaError('STATE_DIR_TAKEN', { stateDir, pid: holder.pid, where: `${where}${inside}` });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const serialise = (record: ControlPlaneRecord): string => `${JSON.stringify(record, null, 2)}\n`;

function readRecord(file: string): ControlPlaneRecord | null {
  const text = readTextIfPresentSync(file);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    const record = value as Partial<ControlPlaneRecord> | null;
    return typeof record?.pid === 'number' && typeof record.startTime === 'number'
      ? (record as ControlPlaneRecord)
      : null;
  } catch {
    return null; // damaged: it names nobody
  }
}
