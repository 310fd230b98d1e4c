import type { Caller } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { digestOf } from '../memory/token-reader.ts'
import type { HotParts } from './hot-parts.ts'
import { standingFault } from './standing.ts'

/** What an access token proves about a caller of our own API. */
export type TokenCaller = Pick<Caller, 'actor' | 'credential' | 'instance' | 'token' | 'workflow'>

/** Judges an access token whose audience is this server. Throws `token_refused` for anything else. */
export const createAuthenticateToken =
  (parts: HotParts) =>
  async (jwt: string): Promise<TokenCaller> => {
    const now = parts.clock.now()
    const token = parts.tokens.read(jwt)
    // RFC 9068 §4: a token for another resource proves nothing here.
    if (token === undefined || token.claims.aud !== parts.issuer()) throw fault('token_refused')
    if (parts.tokens.endOf(token, now) !== undefined) throw fault('token_refused')
    const { sub, reeve } = token.claims
    const client = await parts.memory.find(sub)
    const credential = client?.credentials.find(({ id }) => id === reeve.credential)
    if (client === undefined || credential === undefined) throw fault('token_refused')
    const instance = reeve.instance ?? null
    const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: now.getTime() }
    if (standingFault({ client, credential, instance }, given) !== undefined) throw fault('token_refused')
    const { workflow } = reeve
    return {
      actor: { principalType: 'nhi', id: sub, name: client.subject.name },
      credential: reeve.credential,
      instance,
      token: digestOf(token),
      workflow:
        workflow === undefined
          ? null
          : { name: workflow.name, repository: workflow.repository ?? null, run: workflow.run ?? null },
    }
  }
