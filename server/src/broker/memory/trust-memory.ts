import type { AnyDb } from '../../kit/database.ts'
import { isDatabaseGone } from '../../kit/database-gone.ts'
import { coreFault } from '../../kit/fault.ts'
import type { JsonObject } from '../domain/compact-jwt.ts'
import { claimOf } from '../domain/platform.ts'
import { type StoredTrust, trustsIn } from '../store-trust.ts'

/** The trusts in one issuer. */
export interface IssuerTrusts {
  readonly all: readonly StoredTrust[]
  /** The one team whose identities trust it; '' where there are several. */
  readonly team: string
  /** Those that a token with these claims might fit; of thousands, the few that pin what it says. */
  near(claims: JsonObject): readonly StoredTrust[]
}

/** Trusts in the memory of this replica, by issuer: bounded, and dropped when one is added. */
export interface TrustMemory {
  /** Undefined when no trust names this issuer. */
  in(issuer: string): Promise<IssuerTrusts | undefined>
  dropIssuers(issuers: readonly string[]): void
  dropAll(): void
}

const ISSUERS_MAX = 1000
const LOADS_MAX = 4

/** An empty memory. Whether a credential is stopped is not asked here, but of the memory of clients. */
export const createTrustMemory = (db: AnyDb): TrustMemory => {
  const held = new Map<string, IssuerTrusts>()
  // Grows with every signal: a load that began before one may hold what is out of date.
  let generation = 0
  const load = async (issuer: string): Promise<IssuerTrusts | undefined> => {
    for (let tried = 1; ; tried++) {
      const begun = generation
      const all = await trustsIn(db, issuer)
      // Nobody can fill the memory with issuers of their own making: what no trust names is not kept.
      const found = all.length === 0 ? undefined : indexed(all)
      const isCurrent = generation === begun
      if (isCurrent && found !== undefined) keep(issuer, found)
      if (isCurrent || tried >= LOADS_MAX) return found
    }
  }
  const keep = (issuer: string, found: IssuerTrusts): void => {
    if (held.size >= ISSUERS_MAX) held.delete(held.keys().next().value ?? '')
    held.set(issuer, found)
  }
  const loading = new Map<string, Promise<IssuerTrusts | undefined>>()
  return {
    in: async (issuer) => {
      const known = held.get(issuer)
      if (known !== undefined) return known
      const running = loading.get(issuer)
      if (running !== undefined) return running
      const mine = load(issuer)
        .catch((error: unknown) => {
          throw isDatabaseGone(error) ? coreFault('unavailable', { retryAfterSeconds: 2, cause: error }) : error
        })
        .finally(() => loading.delete(issuer))
      loading.set(issuer, mine)
      return mine
    },
    dropIssuers: (issuers) => {
      generation++
      // Whoever asks from now on must not join a load that began before.
      for (const issuer of issuers) {
        held.delete(issuer)
        loading.delete(issuer)
      }
    },
    dropAll: () => {
      generation++
      held.clear()
      loading.clear()
    },
  }
}

/** By the first claim that each pins exactly: every trust pins one, or the linter had refused it. */
const indexed = (all: readonly StoredTrust[]): IssuerTrusts => {
  const byClaim = new Map<string, Map<string, StoredTrust[]>>()
  const loose: StoredTrust[] = []
  for (const trust of all) {
    const exact = Object.entries(trust.terms.claims).filter(([, text]) => !text.endsWith('*'))
    const [name, text] = exact.find(([each]) => INDEXED_FIRST.includes(each)) ?? exact[0] ?? []
    if (name === undefined || text === undefined) {
      loose.push(trust)
      continue
    }
    const byText = byClaim.get(name) ?? new Map<string, StoredTrust[]>()
    byClaim.set(name, byText)
    const same = byText.get(text)
    if (same === undefined) byText.set(text, [trust])
    else same.push(trust)
  }
  return {
    all,
    team: teamOf(all),
    near: (claims) => [
      ...[...byClaim].flatMap(([name, byText]) => byText.get(claimOf(claims, name) ?? '') ?? []),
      ...loose,
    ],
  }
}

/** The one team that these trusts are of; '' where there are several. */
export const teamOf = (trusts: readonly StoredTrust[]): string => {
  const [first] = trusts
  return first !== undefined && trusts.every(({ team }) => team === first.team) ? first.team : ''
}

const INDEXED_FIRST: readonly string[] = ['sub', 'arn', 'repository_id', 'repository', 'project_id', 'project_path']
