/** One request to the API of the control plane on a state directory: `method path [body]`. Prints `{status, body}`. */
import { findControlPlane } from '../../demo/control-plane.ts';

const [stateDir = '', method = 'GET', path = '', body] = process.argv.slice(2);
const controlPlane = findControlPlane(stateDir);
if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
const response = await fetch(`${controlPlane.endpoint}${path}`, {
  method,
  headers: { 'content-type': 'application/json', 'x-project-id': 'e2e' },
  ...(body === undefined ? {} : { body }),
});
const text = await response.text();
process.stdout.write(JSON.stringify({ status: response.status, body: text === '' ? null : JSON.parse(text) }));
