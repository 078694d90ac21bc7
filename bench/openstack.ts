/**
 * `npm run bench:openstack [part…]`: what it costs to live in an OpenStack, against the bars of this project. `--json` for machines.
 * Parts bring up and take down what they need; those that need OpenStack's services say so in their own files.
 */
import type { FigureModule } from './controller-figure.ts';
import { image } from './openstack/image.ts';
import { loadBalancers } from './openstack/load-balancers.ts';
import { notifications } from './openstack/notifications.ts';
import { services } from './openstack/services.ts';
import { runParts } from './run-parts.ts';

const PARTS: FigureModule[] = [loadBalancers, notifications, image, services];

await runParts(import.meta.filename, PARTS);
