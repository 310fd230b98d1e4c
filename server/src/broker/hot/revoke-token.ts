import { coreFault, Fault } from '../../kit/fault.ts'
import { appendEvents } from '../../ledger/append.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { OwnToken } from '../room.ts'
import { placeStop } from '../store-stop.ts'
import { authenticateClient, type ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, refusedBy } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { runOnce } from './run-once.ts'
import { tokenUrl } from './sender-of.ts'
import { standingFault, standingOf } from './standing.ts'

const KIND = 'broker.token.revoke'

/** The revocation endpoint (RFC 7009): a client ends its own tokens, and is answered when that is durable. */
export const createRevokeToken = (parts: HotParts) => {
  const stop = async (request: OAuthRequest, token: OwnToken, part: EventPart): Promise<undefined> => {
    const { jti, exp, sub } = token.claims
    const now = parts.clock.now()
    await parts.database.write(async (tx) => {
      const placed = await placeStop(tx, {
        id: parts.random.id('stp'),
        scope: 'token',
        subject: jti,
        verb: 'revoke',
        reason: 'revoked by the client that it was issued to',
        by: part.client.subject.id,
        now,
        until: new Date(exp * 1000),
        identity: sub,
      })
      await appendEvents(tx, [draftOf(request, part)], { random: parts.random, now })
      await parts.changes.signal(tx, placed.signals)
    })
    await parts.changes.catchUp()
  }

  return async (request: OAuthRequest): Promise<undefined | Fault> => {
    const issuer = parts.issuer()
    const proven = await authenticateClient(request, {
      memory: parts.memory,
      foreign: parts.foreign,
      clientCas: parts.clientCas,
      boundKeys: parts.boundKeys,
      takesApiKeys: true,
      audiences: [issuer, ...parts.addresses().flatMap((each) => [tokenUrl(each), `${each}/oauth/revoke`])],
      nowSeconds: Math.floor(parts.clock.now().getTime() / 1000),
    })
    if (!proven.isProven) return refusedBy(parts, request, KIND, proven)
    const found = judge(parts, request, proven)
    const part = { ...partOf(proven), ...found.part }
    const isEffective = found.token !== undefined
    const drafts = isEffective ? [] : [draftOf(request, part)]
    // The assertion is spent and what changes nothing is recorded, before anything is stopped.
    const spent = await runOnce<'spent'>(parts, request, { proven, part }, async () => {
      const stopped = await stoppedFault(parts, proven)
      if (stopped === undefined) return { drafts, value: found.fault ?? 'spent' }
      return { drafts: [draftOf(request, { ...partOf(proven), fault: stopped })], value: stopped }
    })
    if (spent instanceof Fault) return spent
    if (found.token === undefined) return undefined
    return stop(request, found.token, part).catch((cause: unknown) => {
      throw cause instanceof Fault ? cause : coreFault('unavailable', { retryAfterSeconds: 2, cause })
    })
  }
}

/** Why this client may not act now: who is stopped is stopped here as well, however harmless what it asks. */
const stoppedFault = async (parts: HotParts, proven: ProvenClient): Promise<Fault | undefined> => {
  const standing = await standingOf(parts.memory, proven, proven.instance ?? null)
  if (standing instanceof Fault) return standing
  return standingFault(standing, {
    board: parts.board,
    tiers: parts.tiers,
    issuer: parts.issuer(),
    nowMs: parts.clock.now().getTime(),
  })
}

interface Found {
  readonly token?: OwnToken
  readonly fault?: Fault
  readonly part: Partial<EventPart>
}

const judge = (parts: HotParts, request: OAuthRequest, proven: ProvenClient): Found => {
  const refuse = (refused: Fault): Found => ({ fault: refused, part: { fault: refused } })
  const text = request.form.get('token')
  if (text === undefined) return refuse(fault('parameter_invalid', { about: 'token is missing' }))
  const { credential } = proven
  // Outside of its networks a key does nothing, not even this.
  if (credential.limits?.isInside(request.source.ip) === false) return refuse(fault('api_key_out_of_bounds'))
  const token = parts.tokens.read(text)
  // RFC 7009 §2.2: a token that means nothing here is as revoked as it can be.
  if (token === undefined) return { part: { evidence: { isOurs: false } } }
  // RFC 7009 §2.1: only the client that it was issued to; and the identity in whose name that one acts.
  const { sub, client_id: holder } = token.claims
  if (![sub, holder].includes(proven.client.subject.id)) return refuse(fault('token_of_another'))
  // INVARIANT: a stolen key ends what it got itself, and nothing that its identity got otherwise.
  if (credential.limits !== undefined && token.claims.reeve.credential !== credential.id)
    return refuse(fault('token_of_another'))
  const part = { token: tokenDigest(token.claims.jti), on: targetOf(token), evidence: { isOurs: true } }
  return token.claims.exp * 1000 <= parts.clock.now().getTime() ? { part } : { token, part }
}

const partOf = ({ client, credential }: ProvenClient): EventPart => ({ kind: KIND, client, credential, instance: null })

const targetOf = ({ claims }: OwnToken) => ({
  type: 'Identity',
  id: claims.sub,
  name: claims.reeve.name,
  environment: claims.reeve.environment,
  team: claims.reeve.owner,
})
