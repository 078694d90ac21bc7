/** The kinds that are created, shown, changed and deleted: what the document says of each follows from its table. */
import { effectOfMemberUpdate, effectOfUpdate } from '../../domain/change-effects.ts';
import { AVAILABILITY_ZONE, AVAILABILITY_ZONE_PROFILE } from '../attributes/availability-zone.ts';
import { FLAVOR, FLAVOR_PROFILE } from '../attributes/flavor.ts';
import { HEALTH_MONITOR } from '../attributes/health-monitor.ts';
import { L7POLICY } from '../attributes/l7-policy.ts';
import { L7RULE } from '../attributes/l7-rule.ts';
import { LISTENER } from '../attributes/listener.ts';
import { LOAD_BALANCER } from '../attributes/load-balancer.ts';
import { MEMBER } from '../attributes/member.ts';
import { POOL } from '../attributes/pool.ts';
import { queryableFields } from '../attributes/query.ts';
import type { AttributeTable } from '../attributes/table.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { CHANGING, operation } from './operation.ts';
import { FIELDS, listParameters, parameter } from './parameters.ts';
import type { Refusal } from './refusals.ts';
import { answerSchema, chosenSchema, list, reference, requestSchema, whole } from './schemas.ts';

interface ResourceDescription {
  path: string;
  wrapper: string;
  plural: string;
  title: string;
  /** When an s does not make the plural. */
  titles?: string;
  /** Key of the links of a page, when it is not `<plural>_links`. */
  links?: string;
  /** What items are found by, when it is not their id. */
  key?: string;
  table: AttributeTable;
  /** Schema of what a create answers, when it is more than the object. */
  created?: string;
  /** What a delete may be told. */
  onDelete?: JsonSchema[];
}

const CASCADE = parameter('cascade', 'true: with everything below it.', { type: 'boolean' });

const RESOURCES: readonly ResourceDescription[] = [
  {
    path: '/v2/lbaas/loadbalancers',
    wrapper: 'loadbalancer',
    plural: 'loadbalancers',
    title: 'load balancer',
    table: LOAD_BALANCER,
    created: 'loadbalancer_created',
    onDelete: [CASCADE],
  },
  { path: '/v2/lbaas/listeners', wrapper: 'listener', plural: 'listeners', title: 'listener', table: LISTENER },
  { path: '/v2/lbaas/pools', wrapper: 'pool', plural: 'pools', title: 'pool', table: POOL },
  { path: '/v2/lbaas/pools/{pool}/members', wrapper: 'member', plural: 'members', title: 'member', table: MEMBER },
  {
    path: '/v2/lbaas/healthmonitors',
    wrapper: 'healthmonitor',
    plural: 'healthmonitors',
    title: 'health monitor',
    table: HEALTH_MONITOR,
  },
  {
    path: '/v2/lbaas/l7policies',
    wrapper: 'l7policy',
    plural: 'l7policies',
    title: 'layer 7 policy',
    titles: 'layer 7 policies',
    table: L7POLICY,
  },
  {
    path: '/v2/lbaas/l7policies/{policy}/rules',
    wrapper: 'rule',
    plural: 'rules',
    title: 'layer 7 rule',
    table: L7RULE,
  },
  { path: '/v2/lbaas/flavors', wrapper: 'flavor', plural: 'flavors', title: 'flavor', table: FLAVOR },
  {
    path: '/v2/lbaas/flavorprofiles',
    wrapper: 'flavorprofile',
    plural: 'flavorprofiles',
    links: 'flavorprofile_links',
    title: 'flavor profile',
    table: FLAVOR_PROFILE,
  },
  {
    path: '/v2/lbaas/availabilityzones',
    key: 'name',
    wrapper: 'availability_zone',
    plural: 'availability_zones',
    title: 'availability zone',
    table: AVAILABILITY_ZONE,
  },
  {
    path: '/v2/lbaas/availabilityzoneprofiles',
    wrapper: 'availability_zone_profile',
    plural: 'availability_zone_profiles',
    links: 'availability_zone_profile_links',
    title: 'availability zone profile',
    table: AVAILABILITY_ZONE_PROFILE,
  },
];

/** A tree as its create answers it: everything in full, where it stood in the request. */
const CREATED: Record<string, JsonSchema> = {
  loadbalancer_created: within(LOAD_BALANCER, [], { listeners: list('listener_created'), pools: list('pool_created') }),
  listener_created: within(LISTENER, ['loadbalancers'], { l7policies: list('l7policy_created') }),
  l7policy_created: within(L7POLICY, [], { rules: list('rule') }),
  pool_created: within(POOL, ['loadbalancers'], {
    members: list('member'),
    healthmonitor: { anyOf: [reference('healthmonitor'), { type: 'null' }] },
  }),
};

function within(table: AttributeTable, without: string[], children: Record<string, JsonSchema>): JsonSchema {
  const own = answerSchema(table, [...without, ...Object.keys(children)]);
  const inside = whole(children);
  return {
    type: 'object',
    required: [...(own.required as string[]), ...(inside.required as string[])],
    properties: { ...(own.properties as object), ...children },
  };
}

/** A member of a pool that can be told everything that one can. */
const IN_USE = {
  pool: { protocol: 'HTTP', lbAlgorithm: 'ROUND_ROBIN', sessionPersistence: null, tlsEnabled: false },
  isUsed: true,
} as const;

const SERVING = ['loadbalancer', 'listener', 'pool', 'member', 'healthmonitor', 'l7policy', 'rule'];

/** What a change of each attribute means for the traffic. */
function withEffects(wrapper: string, schema: JsonSchema): JsonSchema {
  if (!SERVING.includes(wrapper)) return schema;
  const properties = Object.entries(schema.properties as Record<string, JsonSchema>).map(([name, property]) => {
    const effect = wrapper === 'member' ? effectOfMemberUpdate(IN_USE, [name]) : effectOfUpdate([name]);
    return [name, { ...property, 'x-octavia-effect': effect }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

export const RESOURCE_SCHEMAS: Record<string, JsonSchema> = {
  ...Object.fromEntries(
    RESOURCES.flatMap(({ wrapper, table }) => [
      [wrapper, answerSchema(table)],
      [`${wrapper}_chosen`, chosenSchema(table)],
      [`${wrapper}_create`, requestSchema(table, 'create')],
      [`${wrapper}_update`, withEffects(wrapper, requestSchema(table, 'update'))],
    ]),
  ),
  ...CREATED,
};

const envelope = (wrapper: string, schema: JsonSchema): JsonSchema => ({
  ...whole({ [wrapper]: schema }),
  additionalProperties: false,
});

function paths(of: ResourceDescription): Record<string, unknown> {
  const { path, wrapper, plural, title, titles = `${title}s`, links = `${plural}_links`, key = 'id', table } = of;
  const item = `${path}/{${key}}`;
  const tag = titles;
  const isBelow = path.includes('{');
  const absent: Refusal = isBelow ? '404_below' : 404;
  const changing = [absent, ...CHANGING];
  const one = whole({ [wrapper]: reference(wrapper) });
  const body = (use: 'create' | 'update') => ({ schema: envelope(wrapper, reference(`${wrapper}_${use}`)) });
  return {
    [path]: {
      get: operation(path, {
        id: `list_${plural}`,
        summary: `List ${titles}`,
        tag,
        query: listParameters(queryableFields(table)),
        answer: {
          status: 200,
          description: 'One page',
          schema: whole({ [plural]: list(`${wrapper}_chosen`), [links]: list('link') }),
        },
        refused: isBelow ? [absent] : [],
      }),
      post: operation(path, {
        id: `create_${wrapper}`,
        summary: `Create a ${title}`,
        tag,
        body: body('create'),
        answer: { status: 201, schema: whole({ [wrapper]: reference(of.created ?? wrapper) }) },
        refused: changing,
      }),
    },
    [item]: {
      get: operation(item, {
        id: `show_${wrapper}`,
        summary: `Show a ${title}`,
        tag,
        query: FIELDS,
        answer: { status: 200, schema: whole({ [wrapper]: reference(`${wrapper}_chosen`) }) },
        refused: [absent],
      }),
      put: operation(item, {
        id: `update_${wrapper}`,
        summary: `Change a ${title}`,
        tag,
        body: body('update'),
        answer: { status: 200, description: 'Accepted', schema: one },
        refused: changing,
      }),
      delete: operation(item, {
        id: `delete_${wrapper}`,
        summary: `Delete a ${title}`,
        tag,
        query: of.onDelete ?? [],
        answer: { status: 204 },
        refused: changing,
      }),
    },
  };
}

const MEMBERS = '/v2/lbaas/pools/{pool}/members';

export function resourcePaths(): Record<string, unknown> {
  const described = Object.assign({}, ...RESOURCES.map(paths)) as Record<string, Record<string, unknown>>;
  const batch = operation(MEMBERS, {
    id: 'batch_update_members',
    summary: 'Replace the members of a pool',
    tag: 'members',
    query: [parameter('additive_only', 'true: members that the list does not name stay.', { type: 'boolean' })],
    body: { schema: envelope('members', list('member_create')) },
    answer: { status: 202 },
    refused: ['404_below', ...CHANGING],
  });
  return { ...described, [MEMBERS]: { ...described[MEMBERS], put: batch } };
}
