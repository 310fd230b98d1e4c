import type { Request } from '@reeve/cedar'
import { type Conditions, type Grant, WEEKDAYS, type Weekday } from './domain/grant.ts'
import { linesOf, reachOf } from './domain/reach.ts'
import { type Engine, grantPolicy } from './engine/index.ts'
import { definite } from './memory/grant-sources.ts'
import type { PolicyMemory } from './memory.ts'

/** A grant that an identity holds, or held until its time was over, and what of its terms kept it from allowing a request. */
export interface NearestGrant {
  readonly grant: Grant
  /** What did not hold, each in words that name the attribute. */
  readonly unmet: readonly string[]
  /** The conditions that would have held: those of the grant, and what the request brings where one of them did not. */
  readonly conditions: Conditions
  /** Whether a later expiry is all that it takes. */
  readonly isOnlyOver: boolean
}

/** Of the grants that reach what a denied request asks for, the one of which the least has to change. */
export const nearestGrant = (
  memory: Pick<PolicyMemory, 'base' | 'enforced'>,
  request: Request,
  given: { readonly held: readonly Grant[]; readonly at: Date },
): NearestGrant | undefined => {
  const { resource, action } = request
  const base = memory.base()
  const near = given.held
    .filter((grant) =>
      reachOf(linesOf(grant, base.bundle), base.resource).some(
        (reached) => reached.resource.id === resource.id && reached.actions.some(({ name }) => name === action.id),
      ),
    )
    .map((grant) => termsThatHold(memory.enforced(), request, grant, given.at))
    .filter(({ unmet }) => unmet.length > 0)
  const [nearest] = near.sort(
    (one, other) =>
      one.unmet.length - other.unmet.length || other.grant.expiresAt.getTime() - one.grant.expiresAt.getTime(),
  )
  return nearest
}

const termsThatHold = (engine: Engine, request: Request, grant: Grant, at: Date): NearestGrant => {
  // INVARIANT: judged by the engine that denied the request, so that "holds" means here what it means there.
  const holds = (conditions: Conditions): boolean => {
    const { principal, resource, action } = request
    const terms = { identity: principal.id, resource: resource.id, actions: [action.id], expiresAt: LATE }
    const made = grantPolicy({ id: 'reeve:one-term', ...terms, conditions: definite(conditions) })
    const tried = made.ok ? engine.with({ add: [made.policy] }) : undefined
    return tried?.ok === true && tried.engine.decide(request).outcome === 'allow'
  }
  const isOver = grant.end !== null || grant.expiresAt <= at
  const unmet = isOver ? [`it ended at ${grant.expiresAt.toISOString()}`] : []
  const unknown = Object.keys(grant.conditions.unknown ?? {})
  if (unknown.length > 0) unmet.push(`it has conditions that this server does not know: ${unknown.join(', ')}`)
  let conditions: Conditions = {}
  for (const { of, exactly, said } of TERMS) {
    const own = of(grant.conditions)
    if (own === undefined) continue
    const isMet = holds(own)
    conditions = joined(conditions, isMet ? own : exactly(request, at))
    if (!isMet) unmet.push(said(request, own, at))
  }
  const isOnlyOver = isOver && unmet.length === 1
  const isProposed = unknown.length === 0 && holds(conditions)
  return { grant, unmet, conditions: isProposed ? conditions : {}, isOnlyOver }
}

// Later than any moment that is asked about, and still four digits.
const LATE = new Date('9999-12-31T00:00:00.000Z')

interface Term {
  /** This one condition alone. */
  of(conditions: Conditions): Conditions | undefined
  /** The narrowest condition of its kind that holds for the request; none where the fact is not known. */
  exactly(request: Request, at: Date): Conditions
  said(request: Request, own: Conditions, at: Date): string
}

const DAY_MS = 24 * 60 * 60 * 1000
// As far as a grant may say it.
const AGE_DAYS_MAX = 366

type Listed = 'sourceNetworks' | 'credentialKinds' | 'instances' | 'regions' | 'environments' | 'pipelineStages'

const listed = (field: Listed, attribute: string, word: string): Term => ({
  of: (conditions) => (conditions[field] === undefined ? undefined : { [field]: conditions[field] }),
  exactly: (request) => {
    const fact = factOf(request, attribute)
    // A region that nobody can say is none that a grant may name.
    return fact === undefined || (field === 'regions' && fact === 'unknown') ? {} : { [field]: [fact] }
  },
  said: (request, own) => {
    const fact = factOf(request, attribute)
    const is = fact === undefined ? 'is not known' : `is ${fact}`
    return `it holds only for ${word} ${own[field]?.join(', ')}, and context.${attribute} ${is}`
  },
})

const TERMS: readonly Term[] = [
  listed('sourceNetworks', 'sourceIp', 'source networks'),
  listed('credentialKinds', 'credentialKind', 'credentials of kind'),
  listed('instances', 'instance', 'instances'),
  listed('regions', 'sourceRegion', 'regions'),
  listed('environments', 'environment', 'environments'),
  listed('pipelineStages', 'pipelineStage', 'pipeline stages'),
  {
    of: ({ riskMax }) => (riskMax === undefined ? undefined : { riskMax }),
    exactly: ({ context: { risk } }) => (typeof risk === 'number' ? { riskMax: risk } : {}),
    said: ({ context: { risk } }, { riskMax }) =>
      `it holds only up to a risk of ${riskMax}, and context.risk is ${typeof risk === 'number' ? risk : 'not known'}`,
  },
  {
    of: ({ credentialAgeDaysMax }) => (credentialAgeDaysMax === undefined ? undefined : { credentialAgeDaysMax }),
    exactly: (request, at) => {
      const createdAt = Date.parse(factOf(request, 'credentialCreatedAt') ?? '')
      const days = Math.floor((at.getTime() - createdAt) / DAY_MS) + 1
      return days >= 1 && days <= AGE_DAYS_MAX ? { credentialAgeDaysMax: days } : {}
    },
    said: (_, { credentialAgeDaysMax }) =>
      `it holds only for credentials of less than ${credentialAgeDaysMax} days, and context.credentialCreatedAt is earlier or not known`,
  },
  // Days before hours: what is put last says from when to when.
  {
    of: ({ timeWindow }) => (timeWindow?.days === undefined ? undefined : onDays(timeWindow.days)),
    exactly: (_, at) => onDays([weekdayOf(at)]),
    said: (_, { timeWindow }, at) =>
      `it holds only on ${timeWindow?.days?.join(', ')}, and context.weekday is ${weekdayOf(at)}`,
  },
  {
    of: ({ timeWindow }) =>
      timeWindow === undefined ? undefined : { timeWindow: { from: timeWindow.from, to: timeWindow.to } },
    // Whole hours: to the minute nobody could use it.
    exactly: (_, at) => ({ timeWindow: { from: clock(at.getUTCHours()), to: clock((at.getUTCHours() + 1) % 24) } }),
    said: (_, { timeWindow }, at) =>
      `it holds only from ${timeWindow?.from} to ${timeWindow?.to} UTC, and context.now is ${at.toISOString()}`,
  },
]

const joined = (those: Conditions, one: Conditions): Conditions => ({
  ...those,
  ...one,
  ...(one.timeWindow === undefined ? {} : { timeWindow: { ...those.timeWindow, ...one.timeWindow } }),
})

// A window whose end is not later goes over midnight: this is the whole day.
const onDays = (days: readonly Weekday[]): Conditions => ({ timeWindow: { from: '00:00', to: '00:00', days } })

const factOf = ({ context }: Request, attribute: string): string | undefined => {
  const value = context[attribute]
  if (typeof value === 'string') return value
  const inner = typeof value === 'object' && value !== null ? Reflect.get(value, '__extn') : undefined
  const arg = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'arg') : undefined
  return typeof arg === 'string' ? arg : undefined
}

const weekdayOf = (at: Date): Weekday => WEEKDAYS[at.getUTCDay()] ?? 'sunday'

const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`
