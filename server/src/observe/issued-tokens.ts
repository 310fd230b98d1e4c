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
    const filter = { actorId: identity, kinds: ['broker.token.issue', 'broker.token.exchange'], ...rangeOf(uses) }
    for await (const page of actsOf(db, filter, Math.min(left, READ_MAX_EACH))) {
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
const READ_MAX_EACH = 5_000

const MARGIN_MS = 5 * 60_000
const LIFE_MS_MAX = Math.max(...Object.values(TIERS).map((tier) => tier.tokenSecondsMax)) * 1000
// A verifier may be shown a token long after its end, and tells that it refused it.
const REFUSED_AFTER_MS = 24 * 60 * 60_000

const rangeOf = (uses: readonly ClaimedUse[]): { readonly from: Date; readonly to: Date } => {
  const begins = uses.map(
    ({ at, outcome }) => Date.parse(at) - (outcome === 'allowed' ? LIFE_MS_MAX : REFUSED_AFTER_MS),
  )
  return {
    from: new Date(Math.min(...begins) - MARGIN_MS),
    to: new Date(Math.max(...uses.map(({ at }) => Date.parse(at))) + MARGIN_MS),
  }
}
