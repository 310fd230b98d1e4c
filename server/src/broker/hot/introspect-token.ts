import { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { type MaybeLater, whenThere } from '../../kit/when-there.ts'
import { isAddress } from '../domain/network.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { OwnToken } from '../room.ts'
import { authenticateClient, type ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, refusedBy } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { type AskedKey, judgeKey } from './introspect-key.ts'
import type { KeyUseRecord } from './key-use-pool.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { runOnce } from './run-once.ts'
import { tokenUrl } from './sender-of.ts'
import { type Standing, standingFault, standingOf } from './standing.ts'
import { whyNoStanding } from './token-standing.ts'

/** What introspection answers (RFC 7662 §2.2). */
export type Introspection = { readonly active: false } | ({ readonly active: true } & ActiveToken)

interface ActiveToken {
  readonly token_type: 'Bearer' | 'DPoP'
  readonly [claim: string]: unknown
}

/** What was found of a token, and of the use of a key the record that names the request. */
export interface Found {
  readonly answer: Introspection
  /** The answer as JSON, where that is known. */
  readonly text?: string
  readonly record?: KeyUseRecord
}

/** What is said of a token, and what the log calls the request. */
export interface Introspected<Said> {
  readonly said: Said
  /** That as JSON, where it is known. */
  readonly text?: string | undefined
  readonly requestId: string
}

const KIND = 'broker.token.introspect'
const INACTIVE: Introspection = { active: false }

/** The introspection endpoint, for the identity that serves the token's audience and for the token's own. */
export const createIntrospectToken = (
  parts: HotParts,
): ((request: OAuthRequest) => Promise<Introspected<Introspection> | Fault>) => introspecting(parts)

/** The same, answered as a signed statement for who asked, of a type that passes for no token (RFC 9701 §5). */
export const createIntrospectSigned = (
  parts: HotParts,
  sign: (claims: Readonly<Record<string, unknown>>, type: string) => Promise<string>,
) => {
  const introspect = introspecting(parts)
  return async (request: OAuthRequest): Promise<Introspected<string> | Fault> => {
    const told = await introspect(request)
    if (told instanceof Fault) return told
    const { requestId } = told
    let answer = told.said
    for (;;) {
      const iat = Math.floor(parts.clock.now().getTime() / 1000)
      const claims = { iss: parts.issuer(), aud: told.asker, iat, token_introspection: answer }
      const signed = await sign(claims, 'token-introspection+jwt')
      // Rule 13: what was stopped while it was signed is not active.
      if (!answer.active || parts.changes.applied() === told.appliedBefore()) return { said: signed, requestId }
      const anew = await told.judgeAnew()
      if (anew instanceof Fault) return anew
      answer = anew.answer
    }
  }
}

/** An answer, who asked, and how to look at the token once more. */
interface Told extends Introspected<Introspection> {
  readonly asker: string
  /** What had been applied of all changes when it was judged last. */
  appliedBefore(): number
  judgeAnew(): Promise<Found | Fault>
}

const introspecting = (parts: HotParts) => {
  const audiences = audiencesOf(parts)

  const judge = (request: OAuthRequest, proven: ProvenClient, key: AskedKey | undefined) =>
    whenThere(standingOf(parts.memory, proven, proven.instance ?? null), (standing) =>
      judgeStanding(request, proven, standing, key),
    )

  const judgeStanding = (
    request: OAuthRequest,
    proven: ProvenClient,
    standing: Standing | Fault,
    key: AskedKey | undefined,
  ): MaybeLater<Judged<Found | Fault>> => {
    const now = parts.clock.now()
    const who = { kind: KIND, client: proven.client, credential: proven.credential, instance: null }
    const refuse = (refused: Fault): Judged<Fault> => ({
      drafts: [draftOf(request, { ...who, fault: refused })],
      value: refused,
    })
    if (standing instanceof Fault) return refuse(standing)
    const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: now.getTime() }
    const stopped = standingFault(standing, given)
    if (stopped !== undefined) return refuse(stopped)
    const text = request.form.get('token')
    if (text === undefined) return refuse(fault('parameter_invalid', { about: 'token is missing' }))
    if (!isAddressOrNone(request)) return refuse(fault('parameter_invalid', { about: `${ADDRESS} is no IP address` }))
    return key === undefined ? judgeToken(request, who, text, now) : judgeKey(parts, { request, asker: who, key, now })
  }

  const judgeToken = async (request: OAuthRequest, who: EventPart, text: string, now: Date): Promise<Judged<Found>> => {
    const token = parts.tokens.read(text)
    const why = token === undefined ? 'not_ours' : await whyInactive(parts, token, who.client.subject.id, now)
    const draft = draftOf(request, {
      ...who,
      token: token === undefined ? null : tokenDigest(token.claims.jti),
      on: token === undefined ? null : targetOf(token),
      evidence: { active: why === undefined, why: why ?? null },
    })
    // RFC 7662 §2.2: nothing but that it is not active is said of a token that the asker has no business with.
    return { drafts: [draft], value: { answer: token === undefined || why !== undefined ? INACTIVE : activeOf(token) } }
  }

  return async (request: OAuthRequest): Promise<Told | Fault> => {
    const proven = await authenticateClient(request, {
      memory: parts.memory,
      foreign: parts.foreign,
      clientCas: parts.clientCas,
      boundKeys: parts.boundKeys,
      audiences: audiences(),
      nowSeconds: Math.floor(parts.clock.now().getTime() / 1000),
    })
    if (!proven.isProven) return refusedBy(parts, request, KIND, proven)
    const part = { kind: KIND, client: proven.client, credential: proven.credential, instance: null }
    const asked = askedKey(parts, request)
    const key = asked instanceof Promise ? await asked : asked
    let appliedBefore = 0
    const judged = () => {
      appliedBefore = parts.changes.applied()
      return judge(request, proven, key)
    }
    const found = await runOnce<Found>(parts, request, { proven, part }, judged, { newest })
    if (found instanceof Fault) return found
    return {
      asker: proven.client.subject.id,
      said: found.answer,
      text: found.text,
      requestId: found.record?.requestId ?? request.requestId,
      appliedBefore: () => appliedBefore,
      judgeAnew: async () => (await judged()).value,
    }
  }
}

/** Whom an assertion may be for; they are made once, for the addresses stay what they are. */
const audiencesOf = ({ issuer, addresses }: HotParts): (() => readonly string[]) => {
  let last: { readonly of: string; readonly audiences: readonly string[] } | undefined
  return () => {
    const all = addresses()
    const of = `${issuer()} ${all.join(' ')}`
    if (last?.of !== of)
      last = { of, audiences: [issuer(), ...all.flatMap((each) => [tokenUrl(each), `${each}/oauth/introspect`])] }
    return last.audiences
  }
}

// What is true now is said, under the name of what was recorded.
const newest = (recorded: Found | Fault, now: Found | Fault): Found | Fault =>
  recorded instanceof Fault || now instanceof Fault || recorded.record === undefined
    ? now
    : { ...now, record: recorded.record }

// Not in RFC 7662: from where an API key was used, which only who was shown it can say.
const ADDRESS = 'source_ip'

const isAddressOrNone = ({ form }: OAuthRequest): boolean => {
  const address = form.get(ADDRESS)
  return address === undefined || isAddress(address)
}

const askedKey = (parts: HotParts, { form }: OAuthRequest): MaybeLater<AskedKey | undefined> =>
  whenThere(parts.apiKeys.find(form.get('token') ?? ''), (owner) =>
    owner === undefined ? undefined : { owner, address: form.get(ADDRESS) ?? null, use: undefined },
  )

/** Why a token of ours is not active for this asker now, or undefined when it is. */
const whyInactive = async (
  parts: HotParts,
  token: OwnToken,
  askerId: string,
  now: Date,
): Promise<string | undefined> => {
  const { claims } = token
  await parts.decisions.warm(askerId)
  const isServer = parts.decisions.resourcesServedBy(askerId).some(({ uri }) => uri === claims.aud)
  const isOwn = claims.sub === askerId || claims.client_id === askerId
  if (!isOwn && !isServer) return 'not_for_asker'
  return parts.tokens.endOf(token, now) ?? (await whyNoStanding(parts, token, now))
}

// RFC 9449 §6.2, RFC 8705 §3.2: what it is bound to is told, so that whoever asks can look for the proof.
const activeOf = ({ claims }: OwnToken): Introspection => ({
  active: true,
  token_type: claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP',
  ...claims,
})

const targetOf = ({ claims }: OwnToken) => ({
  type: 'Identity',
  id: claims.sub,
  name: claims.reeve.name,
  environment: claims.reeve.environment,
  team: claims.reeve.owner,
})
