/** The health monitor field table (API contract §11). */
import { HEALTH_MONITOR_TYPES, type HealthMonitor, HTTP_METHODS } from '../../domain/resources.ts';
import { COMMON, IDENTITY, INHERITED_PROJECT, references, STATE } from './common.ts';
import { responder } from './response.ts';
import { choice, integer, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';
import { invalid, type ValueType } from './value-type.ts';

/** `1.0` or `1.1`; JSON numbers are accepted because clients send them. */
const httpVersion: ValueType<'1.0' | '1.1'> = {
  parse(value, { name }) {
    const version = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    if (version === '1' || version === '1.0') return '1.0';
    if (version === '1.1') return '1.1';
    throw invalid(name, value, 'Value should be one of: 1.0, 1.1');
  },
  fromQuery: (query) => (query === '1' ? '1.0' : query),
  schema: { type: 'number', enum: [1.0, 1.1] },
};

/** Path and query only, printable ASCII; `//` would start a host. */
const urlPath = text({ max: 255, pattern: /^\/(?!\/)[!-~]*$/, reason: 'Value must be a valid URL Path string' });

const codesText = text({ max: 255, pattern: /^(\d{3}( *, *\d{3})*)$|^(\d{3}-\d{3})$/ });

/** With a code that no server sends, or a range that ends before it begins, every member would be down for ever. */
const expectedCodes: ValueType<string> = {
  ...codesText,
  parse(value, at) {
    const codes = codesText.parse(value, at);
    const [first = 0, last = 0] = codes.split('-').map(Number);
    const isStatus = (code: string) => code >= '100' && code <= '599';
    if (!codes.split(/[ ,-]+/).every(isStatus)) {
      throw invalid(at.name, value, 'Value should be HTTP status codes from 100 to 599');
    }
    if (codes.includes('-') && first > last) throw invalid(at.name, value, 'Value should be a range from low to high');
    return codes;
  },
};

const LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const domainName = text({ min: 1, max: 255, pattern: new RegExp(`^${LABEL}(\\.${LABEL})*\\.?$`) });

export const HEALTH_MONITOR_FIELDS = {
  ...COMMON,
  type: { type: choice(HEALTH_MONITOR_TYPES), accepted: 'create', required: true },
  delay: { type: integer(0), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  timeout: { type: integer(0), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  maxRetries: {
    type: integer(1, 10),
    filterNames: ['rise_threshold'],
    accepted: 'create and update',
    required: true,
    nullOnUpdate: 'refuse',
  },
  maxRetriesDown: {
    type: integer(1, 10),
    filterNames: ['fall_threshold'],
    accepted: 'create and update',
    default: 3,
  },
  httpMethod: { type: choice(HTTP_METHODS), accepted: 'create and update' },
  urlPath: { type: urlPath, accepted: 'create and update' },
  expectedCodes: { type: expectedCodes, accepted: 'create and update' },
  httpVersion: {
    type: httpVersion,
    accepted: 'create and update',
    serve: (monitor: HealthMonitor) => monitor.httpVersion && Number(monitor.httpVersion),
  },
  domainName: { type: domainName, accepted: 'create and update' },
} as const satisfies AttributeTable;

export const HEALTH_MONITOR = {
  ...IDENTITY,
  poolId: { type: uuid, accepted: 'create', required: true, serve: null },
  ...HEALTH_MONITOR_FIELDS,
  pools: references((monitor: HealthMonitor) => [monitor.poolId]),
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export const HEALTH_MONITOR_ENVELOPE = { argument: 'health_monitor_', wrapper: 'healthmonitor' };

export const healthMonitorResponse = responder<HealthMonitor, null>(HEALTH_MONITOR);
