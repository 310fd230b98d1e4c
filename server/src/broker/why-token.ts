import { type AccessTokenClaims, type RevocationScope, revocationTarget, stoppableNames } from '@reeve/sdk'
import type { Handle } from '../kit/database.ts'
import type { BrokerTables } from './schema.ts'
import { stopsAmong } from './store-stop.ts'

/** How a token ends by itself, and all that stops it now, narrowest first, in short sentences. */
export const whyToken = async (
  db: Handle<BrokerTables>,
  claims: AccessTokenClaims,
  now: Date,
): Promise<readonly string[]> => {
  const names = namesOf(claims)
  const stops = await stopsAmong(db, [...names.keys()], now)
  const endsAt = claims.exp * 1000
  return [
    `it ${endsAt <= now.getTime() ? 'expired' : 'expires'} ${iso(endsAt)}`,
    ...[...names].flatMap(([target, { called, isOwn }]) =>
      stops
        .filter((stop) => stop.target === target)
        .map(({ verb, reason, stopped_by: by, stopped_at: at }) => {
          const done = `${called} was ${verb === 'revoke' ? 'revoked' : 'quarantined'} ${iso(at)}`
          // Why somebody stopped what is another team's is that team's to tell.
          return isOwn ? `${done} by ${by ?? 'reeve'}: ${reason}` : `${done}; its team knows why`
        }),
    ),
  ]
}

interface Named {
  /** What it is to the token, in words. */
  readonly called: string
  /** Whether the team of the token may hear why. */
  readonly isOwn: boolean
}

/** By target, everything that stops the token: its own names first, then those of all it came of. */
const namesOf = ({ iss, sub, jti, reeve }: AccessTokenClaims): ReadonlyMap<string, Named> => {
  const named = new Map<string, Named>()
  for (const link of [{ jti, sub, ...reeve }, ...(reeve.chain ?? [])]) {
    const { owner, credential, instance, issuer } = link
    for (const [scope, id] of stoppableNames({
      ...{ iss, sub: link.sub, jti: link.jti },
      reeve: { owner, credential, instance, issuer },
    })) {
      const target = revocationTarget(scope, id)
      if (named.has(target)) continue
      const isItself = scope === 'token' && id === jti
      named.set(target, {
        called: isItself ? 'it' : CALLED[scope](id),
        isOwn: owner === reeve.owner || scope === 'issuer',
      })
    }
  }
  return named
}

const CALLED: Readonly<Record<RevocationScope, (id: string) => string>> = {
  // By no name: who holds a jti could stop the token.
  token: () => 'a token that it came of',
  credential: (id) => `the credential ${id}`,
  instance: (id) => `the instance ${id}`,
  identity: (id) => `the identity ${id}`,
  owner: (id) => (id.includes('/') ? 'what its identity got under its former owner' : `the team ${id}`),
  issuer: (id) => `the issuer ${id}`,
  key: (id) => `the key ${id}`,
}

const iso = (ms: number): string => new Date(ms).toISOString()
