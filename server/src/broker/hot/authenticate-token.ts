import type { Caller } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import type { Client } from '../memory/client-memory.ts'
import { digestOf } from '../memory/token-reader.ts'
import type { OwnToken } from '../room.ts'
import type { HotParts } from './hot-parts.ts'
import { standingFault } from './standing.ts'
import { unboundFault } from './unbound-fault.ts'

/** What an access token proves about a caller of our own API. */
export type TokenCaller = Pick<Caller, 'actor' | 'roles' | 'credential' | 'instance' | 'token' | 'workflow'>

/** What the request that a token came with proved to hold: a key (RFC 9449), or a certificate (RFC 8705), by its thumbprint. */
export interface ShownSender {
  readonly jkt?: string | undefined
  readonly x5t?: string | undefined
}

/** Judges access tokens whose audience is this server. Both throw a fault for anything else. */
export interface TokenGate {
  authenticate(jwt: string, shown?: ShownSender): Promise<TokenCaller>
  /**
   * The same at once; undefined when memory lacks what it takes. A token that is shown again gives the same object as
   * long as nothing about its bearer changed.
   */
  authenticateKnown(jwt: string): TokenCaller | undefined
}

/** The gate of this process. */
export const createTokenGate = (parts: HotParts): TokenGate => {
  const callers = new WeakMap<OwnToken, { readonly client: Client; readonly caller: TokenCaller }>()

  const mustBeOurs = (token: OwnToken | undefined, now: Date, shown: ShownSender = {}): OwnToken => {
    // RFC 9068 §4: a token for another resource proves nothing here.
    if (token === undefined || token.claims.aud !== parts.issuer()) throw fault('token_refused')
    // INVARIANT: a bound token is nothing without its key, and no token borrows another's proof (RFC 9449 §7.1, §7.2).
    if (token.claims.cnf?.jkt !== shown.jkt) throw fault('token_refused')
    // RFC 8705 §3. A connection that shows a certificate may carry tokens that are bound to none.
    const x5t = token.claims.cnf?.['x5t#S256']
    if (x5t !== undefined && x5t !== shown.x5t) throw fault('certificate_not_shown')
    // Who acts for another has no say in this server's own API: an event names one actor.
    if (token.claims.reeve.chain !== undefined) throw fault('token_refused')
    if (parts.tokens.endOf(token, now) !== undefined) throw fault('token_refused')
    return token
  }

  const judge = (token: OwnToken, client: Client | undefined, now: Date): TokenCaller => {
    const { reeve } = token.claims
    const credential = client?.credentials.find(({ id }) => id === reeve.credential)
    if (client === undefined || credential === undefined) throw fault('token_refused')
    const instance = reeve.instance ?? null
    const given = {
      board: parts.board,
      tiers: parts.tiers,
      issuer: parts.issuer(),
      nowMs: now.getTime(),
      isOfToken: true,
    } as const
    if (standingFault({ client, credential, instance }, given) !== undefined) throw fault('token_refused')
    // The tier may have risen since.
    if (unboundFault(parts.tiers, client.subject.tier, token.claims.cnf) !== undefined) throw fault('token_refused')
    const known = callers.get(token)
    if (known?.client === client) return known.caller
    const caller = callerOf(token, client)
    callers.set(token, { client, caller })
    return caller
  }

  return {
    authenticate: async (jwt, shown) => {
      const now = parts.clock.now()
      const token = mustBeOurs(parts.tokens.read(jwt), now, shown)
      return judge(token, await parts.memory.find(token.claims.sub), now)
    },
    authenticateKnown: (jwt) => {
      const now = parts.clock.now()
      // One that is shown for the first time is verified once, on the way that records what is wrong with it.
      const remembered = parts.tokens.remembered(jwt)
      if (remembered === undefined) return undefined
      const token = mustBeOurs(remembered, now)
      if (!parts.memory.has(token.claims.sub)) return undefined
      const client = parts.memory.find(token.claims.sub)
      return client instanceof Promise ? undefined : judge(token, client, now)
    },
  }
}

const callerOf = (token: OwnToken, client: Client): TokenCaller => {
  const { sub, reeve } = token.claims
  const { workflow } = reeve
  return {
    actor: { principalType: 'nhi', id: sub, name: client.subject.name },
    roles: [],
    credential: reeve.credential,
    instance: reeve.instance ?? null,
    token: digestOf(token),
    workflow:
      workflow === undefined
        ? null
        : { name: workflow.name, repository: workflow.repository ?? null, run: workflow.run ?? null },
  }
}
