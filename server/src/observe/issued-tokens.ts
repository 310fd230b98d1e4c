import type { Handle } from '../kit/database.ts'
import { actsOf } from '../ledger/acts-of.ts'
import type { LedgerEvent } from '../ledger/event.ts'
import type { LedgerTables } from '../ledger/schema.ts'
import { TIERS } from '../settings.ts'

/** A token as the log says it was issued. */
export interface IssuedUse {
  readonly audience: string | null
  readonly credential: string | null
  readonly instance: string | null
  readonly issuedAtMs: number
  readonly endsAtMs: number
}

/** A token as somebody says it was used. */
export interface ClaimedUse {
  readonly token: string
  readonly identity: string
  readonly at: string
  /** Seconds since 1970; without it, it is looked for where it can have been issued at all. */
  readonly issuedAt?: number | undefined
  readonly outcome: 'allowed' | 'refused'
}

/** Where the log says that these tokens were issued to these identities, by `tokenKey`; what it does not say is left out. */
export const issuedTokens = async (
  db: Handle<LedgerTables>,
  claimed: readonly ClaimedUse[],
): Promise<ReadonlyMap<string, IssuedUse>> => {
  const issued = new Map<string, IssuedUse>()
  let left = READ_MAX
  for (const [identity, uses] of Map.groupBy(claimed, (use) => use.identity)) {
    const wanted = new Set(uses.map(({ token }) => token))
    for await (const page of issuesOf(db, identity, rangesOf(uses), left)) {
      left -= page.length
      for (const event of page) {
        const { token } = event
        if (token === null || !wanted.delete(token)) continue
        issued.set(tokenKey({ identity, token }), toIssued(event))
      }
      if (wanted.size === 0) break
    }
  }
  return issued
}

async function* issuesOf(db: Handle<LedgerTables>, identity: string, ranges: readonly Range[], limit: number) {
  let left = limit
  for (const range of ranges) {
    const filter = { actorId: identity, kinds: ['broker.token.issue', 'broker.token.exchange'], ...range }
    for await (const page of actsOf(db, filter, Math.min(left, READ_MAX_EACH))) {
      left -= page.length
      yield page
    }
  }
}

const toIssued = ({ credential, instance, at, evidence }: LedgerEvent): IssuedUse => {
  const { audience, lifetimeSeconds } = evidence
  const issuedAtMs = Date.parse(at)
  const lifeMs = typeof lifetimeSeconds === 'number' ? lifetimeSeconds * 1000 : 0
  const to = typeof audience === 'string' ? audience : null
  return { audience: to, credential, instance, issuedAtMs, endsAtMs: issuedAtMs + lifeMs }
}

/** What a token and its holder are found by. */
export const tokenKey = ({ identity, token }: { readonly identity: string; readonly token: string }): string =>
  `${identity} ${token}`

// However many tokens a batch makes up, only so much of the log is read for it.
const READ_MAX = 20_000
const READ_MAX_EACH = 2_000

const MARGIN_MS = 5 * 60_000
const LIFE_MS_MAX = Math.max(...Object.values(TIERS).map((tier) => tier.tokenSecondsMax)) * 1000
// A verifier may be shown a token long after its end, and tells that it refused it.
const REFUSED_AFTER_MS = 24 * 60 * 60_000

interface Range {
  readonly from: Date
  readonly to: Date
}

/** Where in the log these tokens can be: about the second that is told for each, and otherwise all of a token's life. */
const rangesOf = (uses: readonly ClaimedUse[]): readonly Range[] => {
  const dated = uses.flatMap(({ issuedAt }) => (issuedAt === undefined ? [] : [issuedAt * 1000])).sort((a, b) => a - b)
  const ranges: { from: Date; to: Date }[] = []
  for (const atMs of dated) {
    const from = new Date(atMs - TOLD_MARGIN_MS)
    const to = new Date(atMs + TOLD_MARGIN_MS)
    const last = ranges.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else ranges.push({ from, to })
  }
  const others = uses.filter(({ issuedAt }) => issuedAt === undefined)
  return others.length === 0 ? ranges : [...ranges, lifeOf(others)]
}

// A token says its second rounded down, and its record has the moment.
const TOLD_MARGIN_MS = 3_000

const lifeOf = (uses: readonly ClaimedUse[]): Range => {
  const begins = uses.map(
    ({ at, outcome }) => Date.parse(at) - (outcome === 'allowed' ? LIFE_MS_MAX : REFUSED_AFTER_MS),
  )
  return {
    from: new Date(Math.min(...begins) - MARGIN_MS),
    to: new Date(Math.max(...uses.map(({ at }) => Date.parse(at))) + MARGIN_MS),
  }
}
