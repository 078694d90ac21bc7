/** A machine that really boots: built by the driver of the newest image with the tag `amphora`, plugged, unplugged and removed. */
import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { NovaComputeDriver } from '../../../packages/controller/src/clouds/compute/nova/driver.ts';
import { GlanceImageDriver } from '../../../packages/controller/src/clouds/image/glance/driver.ts';
import { Glance } from '../../../packages/controller/src/clouds/openstack/glance.ts';
import { Nova } from '../../../packages/controller/src/clouds/openstack/nova.ts';
import { openCloud } from './cloud.ts';
import { serverBed } from './server-bed.ts';

const cloud = openCloud();
afterAll(() => cloud.close());

it('a server boots with its files, takes a port and gives it back', async () => {
  const bed = await serverBed(cloud);
  const clock = { now: () => performance.now(), sleep: bed.sleep };
  const log = {
    warn: (fields: object, text: string) => void process.stdout.write(`${text} ${JSON.stringify(fields)}\n`),
  };
  const compute = new NovaComputeDriver(
    { nova: new Nova(cloud.session), ports: bed.ports, log, clock },
    {
      keyName: null,
      securityGroups: [],
      zone: null,
      randomNameLength: 0,
      filesInUserData: false,
      retries: { attempts: 15, intervalMs: 1000, backoffMs: 1000, ceilingMs: 10_000 },
      detachTimeoutMs: 300_000,
    },
  );
  const imageId = await new GlanceImageDriver(new Glance(cloud.session), log).find({ tag: 'amphora', ownerId: null });
  const amphoraId = randomUUID();
  const began = performance.now();
  const tell = (what: string) =>
    void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1)} s: ${what}\n`);
  const { id } = await compute.build({
    amphoraId,
    name: `amphora-${amphoraId}`,
    imageId,
    volumeId: null,
    flavor: bed.flavor,
    // Not that of servers which are none.
    zone: process.env.TEST_ZONE ?? null,
    networks: [bed.network],
    files: { '/etc/octavia/amphora-agent.conf': '[amphora_agent]\n' },
    userData: { timezone: 'UTC' },
  });
  tell(`server ${id} is accepted`);
  const look = () => compute.get(id, [bed.network]);
  await expect.poll(look, { timeout: 400_000, interval: 2000 }).toMatchObject({ status: 'ACTIVE', fault: null });
  tell(`it is ACTIVE with ${(await look())?.lbNetworkIp} in zone ${(await look())?.zone}`);
  const port = await bed.ports.make();
  await compute.attachPort(id, port);
  tell('it has a second port');
  expect(await bed.ports.getPort(port.id)).toMatchObject({ deviceId: id });
  await compute.detachPort(id, port.id);
  tell('the port is free again');
  await bed.ports.remove(port.id);
  await compute.delete(id);
  tell('it is gone');
  expect(await compute.get(id)).toBeNull();
});
