/** Images of amphorae: build them from Debian's packages, send them to Glance. */
export { buildImage } from './build.ts';
export { planBuild } from './build-plan.ts';
export { ImageError } from './image-error.ts';
export { pushImage } from './push.ts';
export { VERSION } from './version.ts';
