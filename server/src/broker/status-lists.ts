import { issuerPaths, revocationTarget } from '@reeve/sdk'
import type { Clock } from '../kit/clock.ts'
import type { Handle } from '../kit/database.ts'
import { STATUS_BITS, statusBits } from './domain/status-bits.ts'
import { GRACE_MS, strongestVerb } from './domain/stop-rule.ts'
import type { StopBoard } from './memory/stop-board.ts'
import type { BrokerTables } from './schema.ts'
import type { StatusListOf, StatusNames } from './status-name.ts'
import { stopsOnPage } from './store-stop.ts'

/** Status lists as they are published. */
export interface StatusLists {
  /** The signed list of this name; undefined when this server never gave it. */
  find(name: string): Promise<string | undefined>
}

/** How long a verifier goes by a list before it asks again, and how long a list is good at all. */
const TTL_SECONDS = 15
const LIFE_SECONDS = 60
// Who asks soon after somebody else is told the same, unless something was stopped meanwhile.
const SAME_MS = 5_000
const LISTS_MAX = 1_000

/** The lists of this replica: each is worked out from what is stopped at the moment when somebody asks (decision 0013). */
export const createStatusLists = (given: {
  readonly db: Handle<BrokerTables>
  readonly board: StopBoard
  readonly clock: Clock
  readonly names: StatusNames
  issuer(): string
  sign(claims: Readonly<Record<string, unknown>>, type: string): Promise<string>
}): StatusLists => {
  const { db, board, clock, names } = given
  const made = new Map<string, { readonly seq: number; readonly atMs: number; readonly list: Promise<string> }>()

  const make = async (name: string, { page, targets }: StatusListOf): Promise<string> => {
    const issuer = given.issuer()
    const now = clock.now()
    // A verifier whose clock is behind lets a token live a little longer, and so do its stops.
    const since = new Date(now.getTime() - GRACE_MS)
    const some = await stopsOnPage(db, page, since)
    const wide = [revocationTarget('issuer', issuer), ...targets].map((target) => board.verbOf(target, since.getTime()))
    const iat = Math.floor(now.getTime() / 1000)
    const claims = {
      iss: issuer,
      sub: `${issuer}${issuerPaths.statusLists}${name}`,
      iat,
      exp: iat + LIFE_SECONDS,
      ttl: TTL_SECONDS,
      status_list: { bits: STATUS_BITS, lst: statusBits(strongestVerb(wide), some) },
    }
    return given.sign(claims, 'statuslist+jwt')
  }

  return {
    find: async (name) => {
      const of = names.read(name)
      if (of === undefined) return undefined
      const [seq, atMs] = [board.seq(), clock.now().getTime()]
      const known = made.get(name)
      if (known?.seq === seq && atMs - known.atMs < SAME_MS) return known.list
      const list = make(name, of)
      made.delete(name)
      if (made.size >= LISTS_MAX) made.delete(made.keys().next().value ?? '')
      made.set(name, { seq, atMs, list })
      // What failed is tried again by the next who asks.
      list.catch(() => made.get(name)?.list === list && made.delete(name))
      return list
    },
  }
}
