/** Action and target type of a call, as the audit map says. */
import type { AuditMap } from './map.ts';

const parts = (path: string): string[] => path.replace(/\/$/, '').split('/');

/** @param firstKey of the JSON body, for paths that end in `/action` */
export function actionOf(map: AuditMap, method: string, path: string, firstKey: () => string | null): string {
  const last = parts(path).at(-1) ?? '';
  const custom = map.customActions.get(`${last}/${method.toLowerCase()}`) ?? map.customActions.get(last);
  if (custom !== undefined) return custom;
  switch (method) {
    case 'POST': {
      if (last === 'action') {
        const key = firstKey();
        return key === null ? 'update' : `update/${key}`;
      }
      return map.keywords.has(last) ? 'create' : 'update';
    }
    case 'GET':
      return map.keywords.has(last) ? 'read/list' : 'read';
    case 'PUT':
    case 'PATCH':
      return 'update';
    case 'DELETE':
      return 'delete';
    case 'HEAD':
      return 'read';
    default:
      return 'unknown';
  }
}

/** Such as `service/load-balancer/pools/pool/members/member`. */
export function targetType(map: AuditMap, serviceType: string, path: string): string {
  let type = serviceType;
  let previous = '';
  for (const part of parts(path)) {
    if (map.keywords.has(part)) type += `/${part}`;
    else if (map.keywords.has(previous)) type += `/${map.keywords.get(previous) ?? 'None'}`;
    previous = part;
  }
  return type;
}

/** @param status null when no answer was sent */
export function outcomeOf(status: number | null): 'success' | 'failure' | 'unknown' {
  if (status === null) return 'unknown';
  return status >= 200 && status < 400 ? 'success' : 'failure';
}
