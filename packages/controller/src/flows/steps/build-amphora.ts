/** Steps that bring one amphora into being, in order. Undone in reverse they leave nothing on the cloud. */

import { deterministicUuid } from '../../domain/deterministic-uuid.ts';
import type { Operation } from '../../domain/operations.ts';
import type { Amphora } from '../../domain/resources.ts';
import type { AmphoraRole } from '../../domain/statuses.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/amphorae.ts';
import * as loadBalancers from '../../store/load-balancers.ts';
import { markAmphoraDeleted } from '../../store/settlement.ts';
import type { Step, StepContext } from '../flow.ts';
import { memberPortPrefix, vrrpPortName } from './port-names.ts';

export const amphoraIdOf = (operation: Operation, index: number): string =>
  deterministicUuid(operation.id, 'amphora', String(index));

async function amphoraOf(context: StepContext, id: string): Promise<Amphora> {
  const amphora = await amphorae.get(context.store.db, id);
  if (!amphora) throw new OctaviaError('NOT_FOUND', { kind: 'Amphora', id });
  return amphora;
}

export function buildAmphora(operation: Operation, index: number, role: AmphoraRole): Step[] {
  const id = amphoraIdOf(operation, index);
  return [recordAmphora(id, role), bootInstance(id), waitForInstance(id), waitForAgent(id), plugVip(id)];
}

function recordAmphora(id: string, role: AmphoraRole): Step {
  return {
    name: `record amphora ${id}`,
    async run({ store, operation, now }) {
      const loadBalancer = await loadBalancers.get(store.db, operation.loadBalancerId);
      await store.transaction((tx) =>
        amphorae.ensure(tx, {
          id,
          loadBalancerId: operation.loadBalancerId,
          computeId: null,
          lbNetworkIp: null,
          vrrpIp: null,
          haIp: loadBalancer?.vip.address ?? null,
          vrrpPortId: null,
          haPortId: loadBalancer?.vip.portId ?? null,
          vrrpInterface: null,
          vrrpId: 1,
          vrrpPriority: role === 'STANDALONE' ? null : role === 'MASTER' ? 100 : 90,
          role,
          status: 'BOOTING',
          certExpiration: null,
          certBusy: false,
          cachedZone: null,
          imageId: null,
          computeFlavor: null,
          createdAt: now(),
          updatedAt: null,
        }),
      );
      return undefined;
    },
    undo: ({ store }) => markAmphoraDeleted(store.db, id),
  };
}

function bootInstance(id: string): Step {
  return {
    name: `boot amphora ${id}`,
    async run(context) {
      const { store, compute, certificates } = context;
      const amphora = await amphoraOf(context, id);
      // The private key lives in the instance's files alone: neither the database nor the flow's memory holds it.
      const issued = await certificates.issueServerCertificate(id);
      const instance = await compute.build({
        amphoraId: id,
        name: `amphora-${id}`,
        files: {
          '/etc/octavia/amphora-agent.conf': context.agentConfiguration(amphora),
          '/etc/octavia/certs/server.pem': `${issued.certificate.trimEnd()}\n${issued.privateKey}`,
          '/etc/octavia/certs/client_ca.pem': await certificates.clientCa(),
          ...(context.logForwarding ? { '/etc/rsyslog.d/10-rsyslog.conf': context.logForwarding } : {}),
        },
      });
      await amphorae.update(store.db, id, { computeId: instance.id, certExpiration: issued.expiresAt });
      return undefined;
    },
    async undo({ store, compute, network }) {
      const amphora = await amphorae.get(store.db, id);
      // A build that was cut off before its id was recorded is found by its deterministic name.
      const name = `amphora-${id}`;
      const computeId = amphora?.computeId ?? (await compute.list()).find((instance) => instance.name === name)?.id;
      if (computeId) await compute.delete(computeId);
      for (const prefix of [vrrpPortName(id), memberPortPrefix(id)]) {
        for (const port of await network.listPorts(prefix)) await network.deletePort(port.id);
      }
    },
  };
}

function waitForInstance(id: string): Step {
  return {
    name: `wait for instance of ${id}`,
    async run(context) {
      const { store, compute, computeWait, sleep } = context;
      const { computeId } = await amphoraOf(context, id);
      const name = `amphora-${id}`;
      const deadline = Date.now() + computeWait.timeoutMs;
      for (let wait = 10; ; wait = Math.min(wait * 2, computeWait.intervalMs)) {
        const instance = computeId ? await compute.get(computeId) : null;
        if (!instance) throw new OctaviaError('COMPUTE_BUILD_FAILED', { name, detail: 'the instance is gone' });
        if (instance.status === 'ERROR') {
          throw new OctaviaError('COMPUTE_BUILD_FAILED', { name, detail: instance.fault ?? 'no cause given' });
        }
        if (instance.status === 'ACTIVE' && instance.lbNetworkIp) {
          await amphorae.update(store.db, id, { lbNetworkIp: instance.lbNetworkIp });
          return undefined;
        }
        if (Date.now() > deadline) {
          const seconds = Math.round(computeWait.timeoutMs / 1000);
          throw new OctaviaError('COMPUTE_BUILD_FAILED', { name, detail: `not ACTIVE after ${seconds} s` });
        }
        await sleep(wait);
      }
    },
  };
}

function waitForAgent(id: string): Step {
  return {
    name: `wait for agent of ${id}`,
    async run(context) {
      await context.dataplane.waitUntilReachable(await amphoraOf(context, id));
      return undefined;
    },
  };
}

function plugVip(id: string): Step {
  return {
    name: `plug VIP into ${id}`,
    async run(context) {
      const { store, network, compute, dataplane, operation } = context;
      const amphora = await amphoraOf(context, id);
      const loadBalancer = await loadBalancers.get(store.db, operation.loadBalancerId);
      const { subnetId, networkId } = loadBalancer?.vip ?? {};
      if (!subnetId || !networkId || !amphora.computeId) {
        throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId ?? 'of the VIP' });
      }
      const [subnet, vipNetwork] = await Promise.all([network.getSubnet(subnetId), network.getNetwork(networkId)]);
      if (!subnet || !vipNetwork) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId });
      const port = await network.createPort({
        name: vrrpPortName(id),
        networkId,
        fixedIps: [{ subnetId }],
        deviceId: amphora.computeId,
        deviceOwner: 'octavia:vrrp',
      });
      await compute.attachPort(amphora.computeId, port);
      const vrrpIp = port.fixedIps[0]?.ipAddress ?? null;
      const plugged = { ...amphora, vrrpIp, vrrpPortId: port.id };
      const vrrpInterface = await dataplane.plugVip(plugged, { port, subnet, mtu: vipNetwork.mtu });
      await amphorae.update(store.db, id, { vrrpIp, vrrpPortId: port.id, vrrpInterface, status: 'ALLOCATED' });
      return vrrpInterface;
    },
  };
}
