import { isIP } from 'node:net'
import type { CedarRecord } from '@reeve/cedar'
import { WEEKDAYS } from '../domain/grant.ts'

/**
 * The facts about a request that the server knows.
 * INVARIANT: nothing that a caller says gets in here but under `requested`, so it can add to the facts, never override one.
 */
export interface ServerFacts {
  readonly sourceIp: string | null
  readonly sourceRegion?: string | null
  readonly credentialKind?: string | null
  readonly credentialCreatedAtMs?: number | null
  readonly instance: string | null
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  readonly audience?: string
  readonly scopes?: readonly string[]
  /** Whether the caller serves, or is, what the call is about. */
  readonly isParty?: boolean
}

/** The facts as Cedar's context, without the moment; a fact that is not known is not there. */
export const contextOf = (facts: ServerFacts): CedarRecord => {
  const context: CedarRecord = {}
  const put = (name: string, value: string | null | undefined): void => {
    if (value?.isWellFormed()) context[name] = value
  }
  const ip = plainIp(facts.sourceIp)
  if (ip !== undefined) context.sourceIp = { __extn: { fn: 'ip', arg: ip } }
  put('sourceRegion', facts.sourceRegion)
  put('credentialKind', facts.credentialKind)
  if (typeof facts.credentialCreatedAtMs === 'number')
    context.credentialCreatedAt = datetime(facts.credentialCreatedAtMs)
  put('instance', facts.instance)
  put('workflow', facts.workflow?.name)
  put('repository', facts.workflow?.repository)
  put('audience', facts.audience)
  if (facts.isParty !== undefined) context.isParty = facts.isParty
  if (facts.scopes !== undefined) context.requested = { scopes: [...facts.scopes] }
  return context
}

/** The context at a moment. */
export const at = (context: CedarRecord, now: Date): CedarRecord => ({ ...context, ...momentOf(now.getTime()) })

let last: { readonly ms: number; readonly moment: CedarRecord } | undefined

// Many questions are asked about one moment, and writing it out takes as long as a decision.
const momentOf = (ms: number): CedarRecord => {
  if (last?.ms === ms) return last.moment
  const moment: CedarRecord = {
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
