import type { AccessTokenClaims } from '@reeve/sdk'
import { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { looksSecret, withoutSecrets } from '../../kit/secret-shape.ts'
import { type Detail, isCovered } from '../domain/authorization-details.ts'
import { chainText, type Delegation, delegate } from '../domain/delegation.ts'
import { ACCESS_TOKEN_TYPE, type ExchangeRequest, readExchangeRequest } from '../domain/exchange-request.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { OwnToken, TokenResource } from '../room.ts'
import { askRights, type Decided, type Rights } from './exchange-rights.ts'
import { exchangedClaims } from './exchanged-claims.ts'
import { type Asked as AskedOf, createGrant, eventPart, type Issue, ownToken, targetOf } from './grant.ts'
import { draftOf, printable } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { idJagOf, shortened } from './id-jag-claims.ts'
import { detailsEvidence, detailsFault } from './judge-details.ts'
import { isNotTaken, type Presented, presentedEvidence, readPresented } from './presented-tokens.ts'
import { boundEvidence } from './sender-of.ts'
import { type Standing, standingFault, standingOf } from './standing.ts'
import { tagged } from './tag-claims.ts'
import { whyNoStanding } from './token-standing.ts'
import { unboundFault } from './unbound-fault.ts'

const KIND = 'broker.token.exchange'
/** A decision that an exchange took besides the one on its subject: whether one may act, and what it may do. */
const DECIDED = 'broker.token.delegate'

/**
 * Token exchange (RFC 8693): delegation, and narrowing by the holder itself; never impersonation. Like every token it is
 * decided from memory, recorded, and signed after the record is durable.
 */
export const createExchangeToken = (parts: HotParts) => {
  const judge = async (asked: Asked): Promise<Judged<Issue | Fault>> => {
    const { wanted } = asked
    const now = parts.clock.now()
    const appliedBefore = parts.changes.applied()
    const me = await standingOf(parts.memory, asked.proven, asked.instance)
    if (me instanceof Fault) return refusal(asked, me)
    const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: now.getTime() }
    const stopped = standingFault(me, given)
    if (stopped !== undefined) return refusal(asked, stopped)
    const presented = await readPresented(parts, wanted, me, now)
    if (isNotTaken(presented)) return refusal(asked, presented.fault, { token: presented.token, why: presented.why })
    const known = { token: presented.subject }
    const unbound = unboundOf(parts, asked, me, presented)
    if (unbound !== undefined) return refusal(asked, unbound, known)
    const aim = await aimOf(parts, wanted, me, presented)
    if ('refused' in aim) return refusal(asked, aim.refused, { ...known, resource: aim.resource })
    const { delegation, resource, actions, details } = aim
    const rights = await askRights(parts, {
      request: asked.request,
      isSenderConstrained: asked.sender !== undefined,
      actor: delegation.act === undefined ? undefined : me,
      actedBefore: actedBefore(presented, me),
      subject: presented.standings[0],
      alsoNeeded: alsoNeeded(presented, me, resource),
      resource,
      actions,
      details,
      now,
    })
    if (rights.refused !== undefined) return refusal(asked, rights.refused, { ...known, resource, rights })
    const made = exchangedClaims(parts, {
      ...{ ...asked, presented, delegation, me, resource },
      ...{ actions: rights.actions, details, now },
    })
    if (made === undefined) return refusal(asked, fault('subject_token_refused'), { ...known, why: 'expired' })
    // Of whom it is about: who acts says nothing of itself but its name.
    const said = tagged(resource, presented.standings[0].client.subject, made)
    const claims = wanted.isIdJag ? shortened(made) : parts.statuses.marked(resource, said)
    return issue(asked, { claims, resource, presented, delegation, rights, appliedBefore })
  }

  return createGrant<ExchangeRequest, Issue>(parts, {
    kind: KIND,
    issuedTokenType: ACCESS_TOKEN_TYPE,
    read: readExchangeRequest,
    audience: ({ resource, subjectToken }) => resource ?? audienceOf(parts.tokens.read(subjectToken)),
    judging: (asked) => () => judge(asked),
    // What stops a token that went into it stops the new one: it names them all.
    ended: async (issue, key) => {
      const now = parts.clock.now()
      const made = ownToken(issue, key)
      const ended = parts.tokens.endOf(made, now) ?? (await whyNoStanding(parts, made, now))
      return ended === undefined ? undefined : fault('subject_token_refused')
    },
  })
}

type Asked = AskedOf<ExchangeRequest>

const audienceOf = (token: OwnToken | undefined): string | undefined => {
  const aud = token?.claims.aud
  return typeof aud === 'string' ? aud : undefined
}

/**
 * Why the new token has to be bound and would not be: what was bound must not become what whoever has it can use, and the
 * tier of nobody who acts or is acted for may ask for it.
 */
const unboundOf = (parts: HotParts, { sender }: Asked, me: Standing, presented: Presented): Fault | undefined => {
  if (sender !== undefined) return undefined
  const { claims } = presented.subject
  if (claims.cnf !== undefined || presented.actorToken?.claims.cnf !== undefined)
    return fault('sender_constraint_required', { about: claims.reeve.tier })
  const tiers = [me, ...presented.standings].map(({ client }) => client.subject.tier)
  return tiers.map((tier) => unboundFault(parts.tiers, tier, undefined)).find((found) => found !== undefined)
}

/** What the exchange comes to before the policy is asked, or why it is refused whatever that says. */
type Aim =
  | {
      readonly delegation: Delegation
      readonly resource: TokenResource
      readonly actions: readonly string[] | undefined
      readonly details: readonly Detail[]
    }
  | { readonly refused: Fault; readonly resource?: TokenResource }

const aimOf = async (parts: HotParts, wanted: ExchangeRequest, me: Standing, presented: Presented): Promise<Aim> => {
  const { claims } = presented.subject
  const { id } = me.client.subject
  await parts.decisions.warm(id)
  const servesAudience = parts.decisions.resourcesServedBy(id).some(({ uri }) => uri === claims.aud)
  const delegation = delegate(claims, { id, servesAudience, links: presented.links })
  if (typeof delegation === 'string') return { refused: fault(delegation) }
  const uri = wanted.resource ?? String(claims.aud)
  // A token for this server itself carries no right, so that there is nothing to hand on.
  const resource = uri === parts.issuer() ? undefined : parts.decisions.resource(uri)
  // A token that another authorization server might take for its own, or a grant that some API might, is given to nobody.
  if (resource === undefined || resource.isAuthorizationServer !== wanted.isIdJag)
    return { refused: fault('resource_not_registered') }
  // ID-JAG §4.3.1: what was given to one client is handed on by no other.
  if (wanted.isIdJag && claims.client_id !== id) return { refused: fault('delegate_not_named'), resource }
  // INVARIANT: a key that came into the chain is for its one resource, also in the hands of who acts for its identity.
  const isBeyond = presented.standings.some(({ credential: { limits } }) => limits && limits.resource !== resource.id)
  if (isBeyond) return { refused: fault('api_key_out_of_bounds'), resource }
  const details = detailsOf(wanted, claims, resource)
  if (details instanceof Fault) return { refused: details, resource }
  const actions = actionsOf(wanted, claims, resource, details)
  return actions instanceof Fault ? { refused: actions, resource } : { delegation, resource, actions, details }
}

/**
 * The details of the new token: at the resource of the subject token what that holds, or less of it; elsewhere what is asked
 * for and everybody who needs the right has there.
 */
const detailsOf = (
  { details: asked }: ExchangeRequest,
  { aud, authorization_details: held = [] }: AccessTokenClaims,
  resource: TokenResource,
): readonly Detail[] | Fault => {
  const isSame = resource.uri === aud
  const details = asked ?? (isSame ? held : [])
  if (isSame && !details.every((detail) => isCovered(detail, held))) return fault('exchange_details_wider')
  return (details.length === 0 ? undefined : detailsFault(details, resource)) ?? details
}

/** What is asked of the policy; empty: all that everybody who needs it has there; undefined: nothing but details. */
const actionsOf = (
  { actions }: ExchangeRequest,
  { aud, scope }: AccessTokenClaims,
  resource: TokenResource,
  details: readonly Detail[],
): readonly string[] | Fault | undefined => {
  const held = scope.split(' ').filter((action) => action !== '')
  const isSame = resource.uri === aud
  // A decision keeps what was asked, and a secret that stands where a scope belongs must not be kept.
  const unknown = actions.filter((action) => !resource.actions.includes(action))
  if (unknown.length > 0 && [...unknown, actions.join(' ')].some(looksSecret)) return fault('scope_malformed')
  // INVARIANT: as where a token is asked for, no scope beside details is no scope; and who holds none is given none.
  if (actions.length === 0 && details.length > 0 && (!isSame || held.length === 0)) return undefined
  if (isSame && (held.length === 0 || !actions.every((action) => held.includes(action))))
    return fault('exchange_scope_wider')
  if (!actions.every((action) => resource.actions.includes(action))) return fault('scope_malformed')
  return isSame && actions.length === 0 ? held : actions
}

/** Who acts for the subject besides the client, each once. */
const actedBefore = ({ subject, standings }: Presented, me: Standing): readonly Standing[] => {
  const byId = new Map(standings.map((standing) => [standing.client.subject.id, standing]))
  byId.delete(subject.claims.sub)
  byId.delete(me.client.subject.id)
  return [...byId.values()]
}

/**
 * Who besides the subject has to have the right: nobody where the subject hands on what its token holds; at another resource
 * all who act, so that nobody comes by a right there that one of the chain does not have. Nor at one of another environment,
 * where an exception of the subject is none of those who act for it.
 */
const alsoNeeded = ({ subject, standings }: Presented, me: Standing, resource: TokenResource): readonly Standing[] => {
  const { aud, sub, reeve } = subject.claims
  if (resource.uri === aud && resource.environment === reeve.environment) return []
  // By credential: the policy may say less of one that the same identity, the subject too, proved itself with on the way.
  const nameOf = ({ client, credential }: Standing) => `${client.subject.id} ${credential.id}`
  const byName = new Map([...standings, me].map((standing) => [nameOf(standing), standing]))
  byName.delete(`${sub} ${reeve.credential}`)
  return [...byName.values()]
}

const issue = (
  asked: Asked,
  made: {
    readonly claims: AccessTokenClaims
    readonly resource: TokenResource
    readonly presented: Presented
    readonly delegation: Delegation
    readonly rights: Rights
    readonly appliedBefore: number
  },
): Judged<Issue> => {
  const { claims, resource, presented, delegation, rights } = made
  const token = tokenDigest(claims.jti)
  const chain = chainText(claims.sub, delegation.act)
  const evidence = {
    audience: resource.uri,
    scope: claims.scope,
    algorithm: resource.algorithm,
    lifetimeSeconds: claims.exp - claims.iat,
    tier: claims.reeve.tier,
    subject: claims.sub,
    chain,
    presented: delegation.chain.length,
    ...(asked.wanted.isIdJag ? { issued: 'id-jag' } : {}),
    ...boundEvidence(claims.cnf),
    ...detailsEvidence(claims.authorization_details ?? []),
    ...presentedEvidence(presented.subject, 'subjectToken'),
    ...presentedEvidence(presented.actorToken, 'actorToken'),
  }
  const onSubject = rights.decided.find(({ of }) => of === 'subject')
  const drafts = [
    draftOf(asked.request, {
      ...eventPart(KIND, asked),
      token,
      on: targetOf(resource),
      decision: onSubject?.verdict.decision ?? null,
      evidence,
    }),
    ...rights.decided
      .filter((decided) => decided !== onSubject)
      .map((decided) =>
        draftOf(asked.request, {
          ...eventPart(KIND, asked),
          ...decidedPart(decided, presented, { resource, chain }),
          token,
        }),
      ),
  ]
  const kept = rights.decided.flatMap(({ verdict }) => verdict.kept)
  const other = asked.wanted.isIdJag ? { other: idJagOf(claims) } : {}
  const value = { claims, algorithm: resource.algorithm, appliedBefore: made.appliedBefore, ...other }
  return { drafts, kept, value }
}

const decidedPart = (
  { of, who, verdict }: Decided,
  { standings }: Presented,
  { resource, chain }: { readonly resource: TokenResource; readonly chain: string },
) => ({
  kind: DECIDED,
  on: of === 'delegation' ? identityOf(standings[0]) : targetOf(resource),
  decision: verdict.decision,
  evidence: { decided: of, who: who.client.subject.id, chain },
})

const identityOf = ({ client: { subject } }: Standing) => ({
  type: 'Identity',
  id: subject.id,
  name: subject.name,
  environment: subject.environment,
  team: subject.owner.id,
})

const refusal = (
  asked: Asked,
  refused: Fault,
  known: {
    readonly token?: OwnToken | undefined
    readonly why?: string
    readonly resource?: TokenResource | undefined
    readonly rights?: Rights
  } = {},
): Judged<Fault> => {
  const { token, why, resource, rights } = known
  const { wanted } = asked
  const last = rights?.decided.at(-1)
  const part = {
    ...eventPart(KIND, asked),
    fault: refused,
    on: resource === undefined ? null : targetOf(resource),
    decision: last?.verdict.decision ?? null,
    evidence: {
      ...(wanted.resource === undefined ? {} : { audience: printable(wanted.resource) }),
      scope: withoutSecrets(wanted.actions.join(' ')),
      ...(token === undefined
        ? {}
        : { subject: token.claims.sub, chain: chainText(token.claims.sub, token.claims.act) }),
      ...presentedEvidence(token, 'presentedToken'),
      ...(why === undefined ? {} : { why }),
      ...(last === undefined ? {} : { decided: last.of, who: last.who.client.subject.id }),
    },
  }
  const kept = rights?.decided.flatMap(({ verdict }) => verdict.kept) ?? []
  return { drafts: [draftOf(asked.request, part)], kept, value: refused }
}
