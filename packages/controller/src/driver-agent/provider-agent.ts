/** Provider agents as processes: modules of npm packages on this Node, and entry points of Python on its host. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import type { SocketPaths } from '@octavia/provider-lib';
import { agentArguments, HOST_STDIO, type HostArguments, hearHost } from '../providers/bridge/python-host.ts';
import type { FoundDriver } from '../providers/packages/load.ts';
import { type FromProcess, processTitle, type ToProcess } from './provider-agent-protocol.ts';

/** A process of an agent, which ends with 0 when the agent returned. */
export interface AgentProcess {
  child: ChildProcess;
  /** It is to end by itself. */
  tellToEnd(): void;
}

/** What a process needs to know, whatever its language. */
interface Surroundings {
  sockets: SocketPaths;
  /** How long an agent may take to end once it is to. */
  shutdownMs: number;
  log: Log;
}

export interface ProviderAgent {
  name: string;
  begin(surroundings: Surroundings): AgentProcess;
}

const PROCESS = join(import.meta.dirname, 'provider-agent-process.ts');

export const nodeAgent = ({ name, module }: FoundDriver): ProviderAgent => ({
  name,
  begin({ sockets, shutdownMs, log }) {
    const child = fork(PROCESS, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    const tell = (message: ToProcess) => child.connected && child.send(message, () => undefined);
    child.on('message', ({ level, text }: FromProcess) => log[level]({ agent: name }, text));
    tell({ start: { name, module, sockets, shutdownMs } });
    return { child, tellToEnd: () => void tell('exit') };
  },
});

/** @param python the program that has the agent installed */
export const pythonAgent = (python: string, given: Omit<HostArguments, 'sockets'>): ProviderAgent => ({
  name: given.name,
  begin({ sockets, shutdownMs, log }) {
    const { name } = given;
    const words = agentArguments({ ...given, sockets }, processTitle(name), shutdownMs);
    // Its own group: a Ctrl-C at a terminal is for the driver agent.
    const child = spawn(python, words, { stdio: [...HOST_STDIO], detached: true });
    child.stdin?.on('error', () => undefined);
    hearHost(child, log, { agent: name }, ({ state, driver, reason }) => {
      if (state === 'ready') log.info({ agent: name }, `Provider agent ${name} is ${String(driver)}`);
      if (state === 'failed') log.error({ agent: name }, `Provider agent ${name} cannot be loaded: ${String(reason)}`);
    });
    return { child, tellToEnd: () => void child.kill('SIGTERM') };
  },
});
