import type { AccessTokenClaims } from '@reeve/sdk'
import { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { isWrongParameter, type WrongParameter } from '../domain/wrong-parameter.ts'
import { fault } from '../faults.ts'
import type { ActiveKey } from '../memory/key-ring.ts'
import type { OwnToken, TokenResource } from '../room.ts'
import { signatures } from '../signature-thread.ts'
import { agreedInstance } from './agreed-instance.ts'
import { authenticateClient, type ProvenClient, type UnprovenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, refusedBy } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { isHeldBy, withIdJag } from './id-jag-grant.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { runOnce } from './run-once.ts'
import { type ProvenSender, senderOf, tokenUrl } from './sender-of.ts'
import { unreadFault } from './unread-fault.ts'

/** A token as the token endpoint answers it (RFC 6749 §5.1). */
export interface IssuedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP' | 'N_A'
  readonly expiresInSeconds: number
  readonly scope: string
  /** What was granted more exactly (RFC 9396 §7). */
  readonly details?: AccessTokenClaims['authorization_details']
  /** Of an exchange (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
}

/** What the parameters of every grant say besides what is wanted. */
export interface Wanted {
  readonly instance: string | undefined
  readonly run: string | undefined
}

/** One request for a token by a client that proved itself, before it is judged. */
export interface Asked<W extends Wanted> {
  readonly request: OAuthRequest
  readonly proven: ProvenClient
  /** What the token will be bound to, where the client showed a key or a certificate. */
  readonly sender: ProvenSender | undefined
  readonly wanted: W
  readonly instance: string | null
  readonly jti: string
}

/** A token that may be signed as soon as its record is durable. */
export interface Issue {
  readonly claims: AccessTokenClaims
  readonly algorithm: TokenResource['algorithm']
  /** What is signed in place of a token; what stops such a token stops this. */
  readonly other?: OtherText
  /** How far the changes of others were known when it was judged. */
  readonly appliedBefore: number
}

/** What is signed in place of a token, under a type of its own. */
export interface OtherText {
  readonly type: string
  readonly issuedTokenType: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** What differs between the grants of the token endpoint. */
export interface Grant<W extends Wanted, I extends Issue> {
  /** What its events are called. */
  readonly kind: 'broker.token.issue' | 'broker.token.exchange'
  readonly takesApiKeys?: true
  /** Of the answer (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
  /** Reads the parameters; a code, or what is wrong of them, where they cannot be. */
  read(form: ReadonlyMap<string, string>, proven: ProvenClient): W | Parameters<typeof fault>[0] | WrongParameter
  /** The URI of the resource that the token is for, as far as it can be known before judging. */
  audience(wanted: W): string | undefined
  /** Makes what says all that memory says about this request; it is called anew as often as that turns out to be old. */
  judging(asked: Asked<W>): () => Promise<Judged<I | Fault>>
  /** Why it may not be handed out after all; asked when others changed something while it was signed. */
  ended(issue: I, key: ActiveKey): Promise<Fault | undefined>
}

/** The way of every grant: prove who asks, judge from memory, record, and sign after the record is durable. */
export const createGrant = <W extends Wanted, I extends Issue>(parts: HotParts, grant: Grant<W, I>) => {
  // A last look at what was stopped while it was signed (rule 13).
  const sign = async (issue: I, key: ActiveKey): Promise<IssuedToken | Fault> => {
    const { claims, other } = issue
    const prefix = other === undefined ? key.prefix : prefixOf(key, other.type)
    const input = prefix + Buffer.from(JSON.stringify(other?.claims ?? claims)).toString('base64url')
    const signature = await signatures.sign(key.bound, input)
    if (parts.changes.applied() !== issue.appliedBefore) {
      const ended = await grant.ended(issue, key)
      if (ended !== undefined) return ended
    }
    return {
      accessToken: `${input}.${signature}`,
      tokenType: other === undefined ? schemeOf(claims) : 'N_A',
      expiresInSeconds: claims.exp - claims.iat,
      scope: claims.scope,
      ...(claims.authorization_details === undefined ? {} : { details: claims.authorization_details }),
      ...issuedTypeOf(other?.issuedTokenType ?? grant.issuedTokenType),
    }
  }

  const readAsked = (request: OAuthRequest, proven: ProvenClient, sender: ProvenSender | undefined) => {
    if (proven.granted !== undefined && !isHeldBy(proven.granted, sender?.cnf)) return fault('federation_refused')
    const wanted = grant.read(request.form, proven)
    if (typeof wanted === 'string' || isWrongParameter(wanted)) return unreadFault(wanted)
    const running = agreedInstance(proven, wanted)
    if (isWrongParameter(running)) return unreadFault(running)
    const jti = parts.random.bytes(16).toString('base64url')
    return { request, proven, sender, wanted, instance: running.instance, jti }
  }

  const refuse = (
    request: OAuthRequest,
    proven: ProvenClient,
    refused: Fault,
    sender: ProvenSender | Fault | undefined,
  ) => {
    const { client, credential } = proven
    const part = { kind: grant.kind, client, credential, instance: null, fault: refused }
    const drafts = [draftOf(request, part)]
    const spent = sender instanceof Fault ? undefined : sender
    return runOnce<never>(parts, request, { proven, part, sender: spent }, async () => ({ drafts, value: refused }))
  }

  const keyFor = (wanted: W) => {
    const audience = grant.audience(wanted)
    const algorithm = audience === undefined ? undefined : parts.decisions.resource(audience)?.algorithm
    return algorithm === undefined ? undefined : parts.ring.active(algorithm)
  }

  const prove = async (request: OAuthRequest): Promise<ProvenClient | UnprovenClient> => {
    const given = {
      memory: parts.memory,
      foreign: parts.foreign,
      clientCas: parts.clientCas,
      boundKeys: parts.boundKeys,
      audiences: [parts.issuer(), ...parts.addresses().map(tokenUrl)],
      nowSeconds: Math.floor(parts.clock.now().getTime() / 1000),
      ...(grant.takesApiKeys === undefined ? {} : { takesApiKeys: grant.takesApiKeys }),
    }
    const proven = await authenticateClient(request, given)
    return proven.isProven ? withIdJag(request, proven, { ...given, issuer: parts.issuer() }) : proven
  }

  return async (request: OAuthRequest): Promise<IssuedToken | Fault> => {
    const judged = senderOf(parts, request)
    const sender = judged instanceof Promise ? await judged : judged
    // Nothing is spent or recorded for it: it is how a nonce is asked for, and the same comes again with it (RFC 9449 §8).
    if (sender instanceof Fault && sender.code === 'dpop_nonce_required') return sender
    const proven = await prove(request)
    if (!proven.isProven) return refusedBy(parts, request, grant.kind, proven)
    const asked = sender instanceof Fault ? sender : readAsked(request, proven, sender)
    if (asked instanceof Fault) return refuse(request, proven, asked, sender)
    // Made before anything is recorded: no key, no record of a token.
    const key = keyFor(asked.wanted)
    const ready = key instanceof Promise ? await key : key
    const part = eventPart(grant.kind, asked, proven)
    const answer = await runOnce<I>(parts, request, { proven, part, sender: asked.sender }, grant.judging(asked))
    if (answer instanceof Fault) return answer
    const signing = ready?.bound.algorithm === answer.algorithm ? ready : await parts.ring.active(answer.algorithm)
    return sign(answer, signing)
  }
}

const schemeOf = ({ cnf }: AccessTokenClaims) => (cnf?.jkt === undefined ? 'Bearer' : 'DPoP')

const issuedTypeOf = (issuedTokenType: string | undefined) => (issuedTokenType === undefined ? {} : { issuedTokenType })

// RFC 8725 §3.11: its type is in its header, so that nobody takes it for a token.
const prefixOf = ({ id, bound }: ActiveKey, typ: string): string =>
  `${Buffer.from(JSON.stringify({ alg: bound.algorithm, typ, kid: id })).toString('base64url')}.`

/** What every event of a grant says of who asks. */
export const eventPart = (
  kind: EventPart['kind'],
  { proven, wanted, instance }: Asked<Wanted>,
  { client, credential }: Pick<ProvenClient, 'client' | 'credential'> = proven,
): EventPart => ({ kind, client, credential, instance, workflow: proven.workflow, run: wanted.run })

/** A resource as events tell what a token is for. */
export const targetOf = ({ id, name, environment, owner }: TokenResource) => ({
  type: 'Resource',
  id,
  name,
  environment,
  team: owner,
})

/** Environments are apart (rule 8) unless an exception lifts that; the policy judges it, and names what it refuses by. */
export const ISOLATION = 'reeve:environment-isolation'

/** The token as it is known once it is signed with this key. */
export const ownToken = ({ claims, algorithm }: Issue, { id }: ActiveKey): OwnToken => ({
  claims,
  algorithm,
  keyId: id,
})
