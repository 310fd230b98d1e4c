import { isIP } from 'node:net'
import type { CedarRecord } from '@reeve/cedar'
import type { Narrowing } from '../../kit/operation.ts'
import { WEEKDAYS } from '../domain/grant.ts'

/**
 * The facts about a request that the server knows.
 * INVARIANT: nothing that a caller says gets in here but under `requested` and `request`, so it can add to the facts, never override one.
 */
export interface ServerFacts {
  readonly sourceIp: string | null
  /** The country of the address; null where nobody can say. */
  readonly sourceRegion?: string | null
  readonly credentialKind?: string | null
  readonly credentialCreatedAtMs?: number | null
  readonly instance: string | null
  /** Of a token that another one acts with: who that is. */
  readonly actor?: { readonly id: string; readonly name: string } | undefined
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  /** Of an identity: where it belongs, what it runs in, and what is open against it. */
  readonly environment?: string
  readonly pipeline?: string | null
  readonly risk?: number
  /** The approval under which all that is asked for was granted. */
  readonly approval?: string | null
  readonly isSenderConstrained?: boolean
  /** What an authorization detail says besides its actions, checked against its type; policies read it under `request`. */
  readonly detail?: CedarRecord | undefined
  readonly audience?: string
  readonly scopes?: readonly string[]
  /** Whether the caller serves, or is, what the call is about. */
  readonly isParty?: boolean
  /** Of a narrowed session: what is left to it. */
  readonly narrowedTo?: Narrowing | null
  /** The directory of access as code that the call is about. */
  readonly directory?: string
}

/** What a region is that nobody can say: a text, so that a forbid for all but some regions holds. */
const UNKNOWN_REGION = 'unknown'
/** What nothing vouches for. */
const NONE = 'none'

/**
 * The facts as Cedar's context, without the moment; a fact that is not known is not there. INVARIANT: the one place where
 * facts about requests are stated, whichever edge they came through.
 */
export const contextOf = (facts: ServerFacts): CedarRecord => {
  const context: CedarRecord = {}
  const put = (name: string, value: string | null | undefined): void => {
    if (value?.isWellFormed()) context[name] = value
  }
  const ip = plainIp(facts.sourceIp)
  if (ip !== undefined) context.sourceIp = { __extn: { fn: 'ip', arg: ip } }
  context.sourceRegion = facts.sourceRegion?.isWellFormed() ? facts.sourceRegion : UNKNOWN_REGION
  // Nothing proves either yet, and what is not proven must be seen to be not.
  context.attestation = NONE
  context.devicePosture = NONE
  put('credentialKind', facts.credentialKind)
  if (typeof facts.credentialCreatedAtMs === 'number')
    context.credentialCreatedAt = datetime(facts.credentialCreatedAtMs)
  if (facts.isSenderConstrained !== undefined) context.isSenderConstrained = facts.isSenderConstrained
  put('instance', facts.instance)
  if (facts.actor !== undefined) context.actor = { id: facts.actor.id, name: facts.actor.name }
  put('workflow', facts.workflow?.name)
  put('repository', facts.workflow?.repository)
  put('environment', facts.environment)
  put('pipeline', facts.pipeline)
  put('pipelineStage', stageOf(facts.pipeline))
  if (facts.risk !== undefined) context.risk = facts.risk
  put('approval', facts.approval)
  put('audience', facts.audience)
  if (facts.isParty !== undefined) context.isParty = facts.isParty
  put('directory', facts.directory)
  if (facts.narrowedTo)
    context.narrowedTo = {
      directories: [...facts.narrowedTo.directories],
      mayApply: facts.narrowedTo.may === 'plan+apply',
    }
  if (facts.detail !== undefined) context.request = { ...facts.detail }
  if (facts.scopes !== undefined) context.requested = { scopes: [...facts.scopes] }
  return context
}

/** The stage of a pipeline, which is named `REPOSITORY/PIPELINE#STAGE`; one without a stage has none. */
export const stageOf = (pipeline: string | null | undefined): string | undefined =>
  /#([^#]+)$/.exec(pipeline ?? '')?.[1]

/** The context at a moment. */
export const at = (context: CedarRecord, now: Date): CedarRecord => {
  const { now: moment, weekday } = momentOf(now.getTime())
  // Named: what is spread into something is copied one by one.
  return { ...context, now: moment, weekday }
}

interface Moment {
  readonly now: CedarRecord[string]
  readonly weekday: string
}

let last: { readonly ms: number; readonly moment: Moment } | undefined

// Many questions are asked about one moment, and writing it out takes as long as a decision.
const momentOf = (ms: number): Moment => {
  if (last?.ms === ms) return last.moment
  const moment = {
    now: datetime(ms),
    weekday: WEEKDAYS[new Date(ms).getUTCDay()] ?? 'sunday',
  }
  last = { ms, moment }
  return moment
}

const datetime = (ms: number) => ({ __extn: { fn: 'datetime', arg: new Date(ms).toISOString() } })

// A socket that speaks both versions writes IPv4 inside IPv6 (RFC 4291 §2.5.5.2), which no IPv4 range would match.
const plainIp = (ip: string | null): string | undefined => {
  if (ip === null) return undefined
  const plain = ip.toLowerCase().startsWith('::ffff:') && isIP(ip.slice(7)) === 4 ? ip.slice(7) : ip
  const version = isIP(plain)
  return version === 4 || (version === 6 && !plain.includes('%') && !plain.includes('.')) ? plain : undefined
}
