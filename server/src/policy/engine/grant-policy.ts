import type { EntityUid, PolicyEst } from '@reeve/cedar'
import {
  anyOf,
  cedarString,
  contains,
  contextField,
  contextHas,
  type Expression,
  entityText,
  extension,
  joined,
  long,
  method,
  stringSet,
} from './expression.ts'
import { isNetwork } from './network.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** What a grant gives: these actions of one identity on one resource, until it expires, if all conditions hold. */
export interface GrantTerms {
  id: string
  /** The entity ids of the identity and the resource. */
  identity: string
  resource: string
  /** Full names of actions, as `orders.read`; a bundle's grant lists the bundle's. */
  actions: readonly string[]
  conditions?: GrantConditions
  expiresAt: Date
}

/** Conditions of a grant; each that is there must hold, and a fact that is unknown does not hold. */
export interface GrantConditions {
  /** CIDR ranges or single addresses, IPv4 or IPv6. */
  sourceNetworks?: readonly string[]
  timeWindow?: TimeWindow
  credentialKinds?: readonly string[]
  instances?: readonly string[]
  /** Countries of the address (ISO 3166-1 alpha-2); one that nobody can say is none of them. */
  regions?: readonly string[]
  /** Environments of the identity. */
  environments?: readonly string[]
  pipelineStages?: readonly string[]
  /** 0 to 100 */
  riskMax?: number
  credentialAgeDaysMax?: number
}

/** Hours of the day, UTC, from inclusive to exclusive; a window whose end is not later goes over midnight. */
export interface TimeWindow {
  /** `HH:MM` */
  from: string
  to: string
  days?: readonly Weekday[]
}

/** A day of the week, UTC. */
export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'

/** Compiles a grant into one Cedar policy, or says which of its terms are not proper. */
export const grantPolicy = (
  grant: GrantTerms,
): { ok: true; policy: SourcePolicy } | { ok: false; problems: PolicyProblem[] } => {
  const messages = termProblems(grant)
  if (messages.length > 0) return { ok: false, problems: messages.map((message) => ({ policy: grant.id, message })) }
  const principal = reeve('Identity', grant.identity)
  const resource = reeve('Resource', grant.resource)
  const scope = actionScope([...new Set(grant.actions)].map((action) => reeve('Action', action)))
  const conditions = [expiry(grant.expiresAt), ...conditionsOf(grant.conditions ?? {})]
  const text = [
    `@id(${cedarString(grant.id)})`,
    'permit (',
    `  principal == ${entityText(principal)},`,
    `  action ${scope.text},`,
    `  resource == ${entityText(resource)}`,
    `)${conditions.map((condition) => `\nwhen { ${condition.text} }`).join('')};`,
  ].join('\n')
  const compiled: PolicyEst = {
    effect: 'permit',
    principal: { op: '==', entity: principal },
    action: scope.est,
    resource: { op: '==', entity: resource },
    conditions: conditions.map((condition) => ({ kind: 'when', body: condition.est })),
    annotations: { id: grant.id },
  }
  return { ok: true, policy: { id: grant.id, text, origin: {}, kind: 'grant', compiled } }
}

const reeve = (type: 'Identity' | 'Resource' | 'Action', id: string): EntityUid => ({ type: `Reeve::${type}`, id })

// The official parser reads a list of one as that one, so it is not written as a list.
const actionScope = (actions: EntityUid[]): { text: string; est: PolicyEst['action'] } => {
  const [only] = actions
  if (only && actions.length === 1) return { text: `== ${entityText(only)}`, est: { op: '==', entity: only } }
  return { text: `in [${actions.map(entityText).join(', ')}]`, est: { op: 'in', entities: actions } }
}

const expiry = (expiresAt: Date): Expression =>
  joined('<', contextField('now'), extension('datetime', expiresAt.toISOString()))

const conditionsOf = (conditions: GrantConditions): Expression[] => {
  const { sourceNetworks, timeWindow, riskMax, credentialAgeDaysMax } = conditions
  return [
    ...(sourceNetworks ? [fromNetworks(sourceNetworks)] : []),
    ...(timeWindow ? [withinHours(timeWindow)] : []),
    ...(timeWindow?.days ? [known('weekday', (field) => contains(stringSet(timeWindow.days ?? []), field))] : []),
    ...LISTED.flatMap(({ list, fact }) => {
      const values = conditions[list]
      return values ? [known(fact, (field) => contains(stringSet(values), field))] : []
    }),
    ...(riskMax === undefined ? [] : [known('risk', (field) => joined('<=', field, long(riskMax)))]),
    ...(credentialAgeDaysMax === undefined ? [] : [known('credentialCreatedAt', youngerThan(credentialAgeDaysMax))]),
  ]
}

/** Conditions that list what a fact may be. */
const LISTED = [
  { list: 'credentialKinds', fact: 'credentialKind', said: 'credential kinds' },
  { list: 'instances', fact: 'instance', said: 'instances' },
  { list: 'regions', fact: 'sourceRegion', said: 'regions' },
  { list: 'environments', fact: 'environment', said: 'environments' },
  { list: 'pipelineStages', fact: 'pipelineStage', said: 'pipeline stages' },
] as const

const youngerThan =
  (days: number) =>
  (createdAt: Expression): Expression =>
    joined('<', method('durationSince', contextField('now'), createdAt), extension('duration', `${days}d`))

const known = (name: string, holds: (field: Expression) => Expression): Expression =>
  joined('&&', contextHas(name), holds(contextField(name)))

const fromNetworks = (networks: readonly string[]): Expression =>
  known('sourceIp', (field) => {
    const [first = NOWHERE, ...rest] = networks.map((network) => method('isInRange', field, extension('ip', network)))
    return anyOf(first, ...rest)
  })

// Never used, since a list without networks is refused; it keeps a mistake here from allowing every source.
const NOWHERE = method('isInRange', extension('ip', '0.0.0.0'), extension('ip', '255.255.255.255'))

const withinHours = ({ from, to }: TimeWindow): Expression => {
  const time = method('toTime', contextField('now'))
  const isAfter = joined('>=', time, ofDay(from))
  const isBefore = joined('<', time, ofDay(to))
  return joined(from < to ? '&&' : '||', isAfter, isBefore)
}

const ofDay = (clock: string): Expression => {
  const [hours, minutes] = clock.split(':')
  return extension('duration', `${Number(hours)}h${Number(minutes)}m`)
}

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const REGION = /^[A-Z]{2}$/
const RISK_MAX = 100
// No grant is longer.
const AGE_DAYS_MAX = 366
const NETWORKS_MAX = 64
const LISTED_MAX = 500
const NAME_LENGTH_MAX = 512

const termProblems = (grant: GrantTerms): string[] => {
  const { conditions = {} } = grant
  const { sourceNetworks, timeWindow, regions, riskMax, credentialAgeDaysMax } = conditions
  const problems: (string | false | undefined)[] = [
    !isName(grant.identity) && 'the identity is not a proper name',
    !isName(grant.resource) && 'the resource is not a proper name',
    listProblem('actions', grant.actions),
    sourceNetworks && listProblem('source networks', sourceNetworks),
    sourceNetworks && sourceNetworks.length > NETWORKS_MAX && `more than ${NETWORKS_MAX} source networks`,
    sourceNetworks && !sourceNetworks.every(isNetwork) && 'a source network is not an address or a CIDR range',
    timeWindow && !(CLOCK.test(timeWindow.from) && CLOCK.test(timeWindow.to)) && 'a time of day is not HH:MM',
    timeWindow?.days && listProblem('days', timeWindow.days),
    timeWindow?.days && !timeWindow.days.every((day) => WEEKDAYS.includes(day)) && 'a day is not a day of the week',
    ...LISTED.map(({ list, said }) => conditions[list] && listProblem(said, conditions[list])),
    regions && !regions.every((region) => REGION.test(region)) && 'a region is not two capital letters, such as DE',
    !isWhole(riskMax, 0, RISK_MAX) && `the highest risk is not a whole number from 0 to ${RISK_MAX}`,
    !isWhole(credentialAgeDaysMax, 1, AGE_DAYS_MAX) &&
      `the age of a credential is not a whole number of days from 1 to ${AGE_DAYS_MAX}`,
    !isDate(grant.expiresAt) && 'the expiry is not a date',
  ]
  return problems.filter((problem) => typeof problem === 'string')
}

// An empty list would mean "none" to one reader and "any" to another.
const listProblem = (name: string, values: readonly string[]): string | undefined => {
  if (values.length === 0) return `the list of ${name} is empty`
  if (values.length > LISTED_MAX) return `more than ${LISTED_MAX} ${name}`
  return values.every(isName) ? undefined : `one of the ${name} is not a proper name`
}

const isWhole = (value: number | undefined, min: number, max: number): boolean =>
  value === undefined || (Number.isInteger(value) && value >= min && value <= max)

const isName = (name: string): boolean => name !== '' && name.length <= NAME_LENGTH_MAX && name.isWellFormed()

// Cedar writes a year in four digits.
const isDate = (date: Date): boolean => {
  const year = date.getUTCFullYear()
  return year >= 1970 && year <= 9999
}
