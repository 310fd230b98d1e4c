import type { ChainLink } from '@reeve/sdk'
import { Fault } from '../../kit/fault.ts'
import type { ExchangeRequest } from '../domain/exchange-request.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { OwnToken } from '../room.ts'
import type { HotParts } from './hot-parts.ts'
import type { Standing } from './standing.ts'
import { standingsOf, whyNoStanding } from './token-standing.ts'

/** What was presented for an exchange, found in force. */
export interface Presented {
  readonly subject: OwnToken
  /** Everybody by whom the subject token came to be: its subject first, then who presented what. */
  readonly standings: readonly [Standing, ...Standing[]]
  readonly actorToken: OwnToken | undefined
  /** What the new token goes back to because of this exchange. */
  readonly links: readonly ChainLink[]
}

/** Why something that was presented is not taken, as the client is told it and as its owner is. */
export interface NotTaken {
  readonly fault: Fault
  readonly token: OwnToken | undefined
  readonly why: string
}

/** Judges the tokens that a client presents, as introspection would: signature, end, stops, and everybody's standing now. */
export const readPresented = async (
  parts: HotParts,
  wanted: ExchangeRequest,
  { client, credential, instance, issuer }: Standing,
  now: Date,
): Promise<Presented | NotTaken> => {
  const subject = parts.tokens.read(wanted.subjectToken)
  const notTaken = (why: string): NotTaken => ({ fault: fault('subject_token_refused'), token: subject, why })
  if (subject === undefined) return notTaken('not_ours')
  const ended = parts.tokens.endOf(subject, now)
  if (ended !== undefined) return notTaken(ended)
  const standings = await standingsOf(parts, subject, now)
  if (typeof standings === 'string') return notTaken(standings)
  const [first, ...others] = standings
  if (first === undefined) return notTaken('not_ours')
  // Environments are apart (design rule 8), also for those who act for each other; an exception is for a resource only.
  const { environment } = subject.claims.reeve
  const isApart = [client, ...standings.map((each) => each.client)].some(
    (each) => each.subject.environment !== environment,
  )
  if (isApart) return notTaken('environment')
  const self: ChainLink = {
    jti: subject.claims.jti,
    sub: client.subject.id,
    owner: client.subject.owner.id,
    credential: credential.id,
    instance: instance ?? undefined,
    issuer,
  }
  const taken = { subject, standings: [first, ...others] as const }
  if (wanted.actorToken === undefined) return { ...taken, actorToken: undefined, links: [self] }
  const actorToken = parts.tokens.read(wanted.actorToken)
  const why = actorToken === undefined ? 'not_ours' : await whyNoActor(parts, actorToken, client.subject.id, now)
  if (actorToken === undefined || why !== undefined)
    return { fault: fault('actor_token_refused'), token: actorToken, why: why ?? 'not_ours' }
  const { jti, sub, reeve } = actorToken.claims
  const { owner, credential: by, instance: copy, issuer: provenBy } = reeve
  const link = { jti, sub, owner, credential: by, instance: copy, issuer: provenBy }
  return { ...taken, actorToken, links: [link, self] }
}

/** Whether what was read is why it was not taken. */
export const isNotTaken = (read: Presented | NotTaken): read is NotTaken =>
  'fault' in read && read.fault instanceof Fault

// An actor token says who acts, and nothing else: one that came by exchange would bring a chain of its own.
const whyNoActor = async (
  parts: HotParts,
  token: OwnToken,
  clientId: string,
  now: Date,
): Promise<string | undefined> => {
  const { claims } = token
  if (claims.sub !== clientId || claims.reeve.chain !== undefined) return 'not_of_client'
  return parts.tokens.endOf(token, now) ?? (await whyNoStanding(parts, token, now))
}

/** How events name what was presented. */
export const presentedEvidence = (token: OwnToken | undefined, name: string) =>
  token === undefined ? {} : { [name]: tokenDigest(token.claims.jti) }
