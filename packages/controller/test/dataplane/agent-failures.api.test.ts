/** Agents that boot, break, fall silent, or are not whom they say: when they are asked again, and what is reported. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { newAuthority, temporaryFolder } from '../certificates/support.ts';
import { type AgentCredentials, AgentServer } from './support/agent-server.ts';
import { credentialsOf } from './support/drivers.ts';
import { OK, playAgent } from './support/played-agent.ts';
import { memberNetwork, plugged } from './support/plugged.ts';
import { AMPHORA_ID, makeAmphora, makeTree } from './support/tree.ts';

const amphora = makeAmphora();
const folder = temporaryFolder();
const played = playAgent();

/** Puts another agent at the port. */
async function replaceAgent(other: AgentCredentials): Promise<void> {
  await played.agent.close();
  played.agent = new AgentServer(other);
  await played.agent.listen(played.port);
}

describe('failures of an active amphora', () => {
  it('503 is asked again, then reported', async () => {
    played.agent.answer = () => ({ status: 503, body: { message: 'Topology transition in progress' } });
    await expect(played.driver.plugNetwork(amphora, memberNetwork)).rejects.toThrow(
      'answered 503 to POST /1.0/plug/network',
    );
    expect(played.agent.seen).toHaveLength(3);
  });

  it('a broken connection is asked again', async () => {
    played.agent.answer = (_, index) => (index === 0 ? null : OK);
    await played.driver.plugNetwork(amphora, memberNetwork);
    expect(played.agent.seen).toHaveLength(2);
  });

  it('an answer that comes too late is a try', async () => {
    await played.driver.close();
    played.driver = played.makeDriver({ readTimeout: 0.2, active: { attempts: 1, interval: 0 } });
    played.agent.answer = () => ({ ...OK, delay: 3000 });
    await expect(played.driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({
      code: 'AMPHORA_UNREACHABLE',
      message: expect.stringContaining('no answer in time'),
    });
  });

  it('an agent that does not listen is reported after the configured tries', async () => {
    await played.agent.close();
    const started = performance.now();
    await expect(played.driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({
      code: 'AMPHORA_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(40);
  });

  it('an amphora without an address is reported', async () => {
    await expect(played.driver.plugNetwork({ ...amphora, lbNetworkIp: null }, memberNetwork)).rejects.toThrow(
      'no management address',
    );
  });

  it('an answer that is not JSON is quoted', async () => {
    played.agent.answer = () => ({ status: 500, body: 'boom' });
    await expect(played.driver.plugNetwork(amphora, memberNetwork)).rejects.toThrow(/answered 500 .*: boom$/);
  });
});

describe('mutual TLS', () => {
  const code = 'AMPHORA_UNREACHABLE';

  it('refuses an agent with a certificate for another amphora, without asking again', async () => {
    await replaceAgent(await credentialsOf('a0000000-0000-4000-8000-000000000002', played.paths));
    await expect(played.driver.waitUntilReachable(amphora)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(played.agent.seen).toEqual([]);
  });

  it('refuses an agent with a certificate of another CA', async () => {
    await replaceAgent(await credentialsOf(AMPHORA_ID, await ensureAuthorities(join(folder, 'others'))));
    await expect(played.driver.waitUntilReachable(amphora)).rejects.toMatchObject({ code });
    expect(played.agent.seen).toEqual([]);
  });

  it('refuses an agent with a certificate of the client CA', async () => {
    const swapped = {
      ...played.paths,
      serverCaCertificate: played.paths.clientCaCertificate,
      serverCaKey: played.paths.clientCaKey,
    };
    await replaceAgent(await credentialsOf(AMPHORA_ID, swapped));
    await expect(played.driver.waitUntilReachable(amphora)).rejects.toMatchObject({ code });
    expect(played.agent.seen).toEqual([]);
  });

  it('is refused by an agent that trusts another client CA', async () => {
    const other = await newAuthority();
    await replaceAgent({ ...played.credentials, clientCa: other.certificatePem });
    await expect(played.driver.plugNetwork(amphora, memberNetwork)).rejects.toMatchObject({ code });
    expect(played.agent.seen).toEqual([]);
  });

  it('names a certificate file that is missing', async () => {
    const broken = played.makeDriver({ serverCaPath: join(folder, 'missing.pem') });
    await expect(broken.waitUntilReachable(amphora)).rejects.toThrow('missing.pem');
    writeFileSync(join(folder, 'missing.pem'), readFileSync(played.paths.serverCaCertificate));
    await broken.waitUntilReachable(amphora);
    await broken.close();
  });
});

describe('an agent that is stopped: the kernel takes connections and requests, nobody answers', () => {
  const seconds = async (work: Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await expect(work).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
    return (performance.now() - started) / 1000;
  };
  const silent = { ...OK, delay: 60_000 };

  it('ends a request after the time that the configured tries would take', async () => {
    await played.driver.close();
    played.driver = played.makeDriver({ readTimeout: 60, active: { attempts: 15, interval: 0.1 } });
    played.agent.answer = () => silent;
    // Looked up in a moment: 10 s at most for one try, 1.5 s for all tries of this configuration together.
    expect(await seconds(played.driver.details(amphora))).toBeLessThan(11);
  });

  it('ends what is asked of an amphora that may be dead at its time limit', async () => {
    await played.driver.close();
    played.driver = played.makeDriver({ readTimeout: 60, failover: { attempts: 2, interval: 5 } });
    played.agent.answer = () => silent;
    const tree = makeTree({ listeners: [{}] });
    expect(await seconds(played.driver.apply(amphora, tree, { timeoutMs: 400 }))).toBeLessThan(5);
    expect(await seconds(played.driver.plugNetwork(amphora, memberNetwork, { timeoutMs: 400 }))).toBeLessThan(5);
    expect(await seconds(played.driver.plugVip(amphora, plugged, { timeoutMs: 400 }))).toBeLessThan(5);
  });

  it('is not reachable, said within the time given', async () => {
    played.agent.answer = () => silent;
    const started = performance.now();
    expect(await played.driver.probe(amphora, 300)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
    played.agent.answer = () => OK;
    expect(await played.driver.probe(amphora, 2000)).toBe(true);
  });

  it('also where not even a connection comes about', async () => {
    await played.agent.close();
    const taken: Socket[] = [];
    const mute = createServer((socket) => taken.push(socket));
    await new Promise<void>((resolve) => mute.listen(played.port, '127.0.0.1', resolve));
    const started = performance.now();
    expect(await played.driver.probe(amphora, 200)).toBe(false);
    // The connection alone may take two seconds.
    expect(performance.now() - started).toBeLessThan(1500);
    for (const socket of taken) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });
});

describe('waiting for an amphora that boots', () => {
  it('notices soon that it answers', async () => {
    await played.agent.close();
    const patient = played.makeDriver({ booting: { attempts: 10, interval: 5 } });
    const reached = patient.waitUntilReachable(amphora);
    await new Promise((resolve) => setTimeout(resolve, 300));
    played.agent = new AgentServer(played.credentials);
    await played.agent.listen(played.port);
    const listening = performance.now();
    await reached;
    // Long before the next of its attempts, which are five seconds apart.
    expect(performance.now() - listening).toBeLessThan(4000);
    expect(played.agent.seen[0]).toMatchObject({ method: 'GET', path: '/info' });
    await patient.close();
  });

  it('goes on while something else answers 404 there', async () => {
    played.agent.answer = (_, index) => (index < 3 ? { status: 404, body: 'not here' } : OK);
    await played.driver.waitUntilReachable(amphora);
    expect(played.agent.seen).toHaveLength(4);
  });

  it('gives up after the configured time', async () => {
    await played.agent.close();
    const brief = played.makeDriver({ booting: { attempts: 3, interval: 0.1 } });
    const started = performance.now();
    await expect(brief.waitUntilReachable(amphora)).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(300);
    expect(performance.now() - started).toBeLessThan(5000);
    await brief.close();
  });
});
