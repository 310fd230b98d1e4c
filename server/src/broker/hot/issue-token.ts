import type { AccessTokenClaims, ChainLink } from '@reeve/sdk'
import { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { looksSecret, withoutSecrets } from '../../kit/secret-shape.ts'
import type { Kept } from '../../ledger/event.ts'
import { endsUnder } from '../domain/credential-life.ts'
import type { KeyBound } from '../domain/key-limits.ts'
import { readTokenRequest, type TokenRequest } from '../domain/token-request.ts'
import { isWrongParameter } from '../domain/wrong-parameter.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { Subject, TokenQuestion, TokenResource, TokenVerdict } from '../room.ts'
import type { ProvenClient } from './authenticate-client.ts'
import { type Asked as AskedOf, createGrant, eventPart, ISOLATION, type Issue as IssueOf, targetOf } from './grant.ts'
import { draftOf, printable, workflowOf } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { narrowedTo } from './id-jag-grant.ts'
import { actionsOf, DETAIL_DECIDED, decideDetails, detailsEvidence, detailsFault, isWhole } from './judge-details.ts'
import { type KeyUse, keyUse } from './key-use.ts'
import { boundEvidence } from './sender-of.ts'
import { type Standing, standingFault, standingOf } from './standing.ts'
import { tagged } from './tag-claims.ts'
import { unboundFault } from './unbound-fault.ts'

const KIND = 'broker.token.issue'

/** A token of its own for who proved itself (RFC 6749 §4.4, RFC 7523 §2.1). */
export const createIssueToken = (parts: HotParts) => {
  const whyNot = (standing: Standing, boundTo: object | undefined, now: Date): Fault | undefined => {
    const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: now.getTime() }
    return standingFault(standing, given) ?? unboundFault(parts.tiers, standing.client.subject.tier, boundTo)
  }

  /** Why what is given on the word of another server is not any more: the trust by which that is believed has to stand as well. */
  const whyNoGrant = async (
    { client, granted }: ProvenClient,
    boundTo: object | undefined,
    now: Date,
  ): Promise<Fault | undefined> => {
    if (granted === undefined) return undefined
    const { credential, issuer } = granted
    const trust = await standingOf(parts.memory, { client, credential, issuer }, null)
    return trust instanceof Fault ? trust : whyNot(trust, boundTo, now)
  }

  /** Who asks, as it stands now. */
  const standingNow = async (asked: Asked, now: Date): Promise<Standing | Judged<Fault>> => {
    const standing = await standingOf(parts.memory, asked.proven, asked.instance)
    if (standing instanceof Fault) return refusal(asked, asked.proven, standing)
    const stopped = whyNot(standing, asked.sender, now)
    if (stopped !== undefined) return refusal(asked, standing, stopped)
    const ended = await whyNoGrant(asked.proven, asked.sender, now)
    return ended === undefined ? standing : refusal(asked, standing, ended)
  }

  /** What tokens are for. For the authorization server of others there are grants alone, and none of theirs has a say in our own API. */
  const resourceOf = ({ wanted, proven }: Asked): TokenResource | undefined => {
    const resource = parts.decisions.resource(wanted.resource)
    const isOurs = proven.granted !== undefined && wanted.resource === parts.issuer()
    return resource?.isAuthorizationServer === true || isOurs ? undefined : resource
  }

  /** Everything that memory says about this request, read anew each time. */
  const judge = async (asked: Asked): Promise<Judged<Issue | Fault>> => {
    const now = parts.clock.now()
    const appliedBefore = parts.changes.applied()
    const standing = await standingNow(asked, now)
    if ('drafts' in standing) return standing
    const resource = resourceOf(asked)
    if (resource === undefined) return refusal(asked, standing, fault('resource_not_registered'))
    const { actions, details } = asked.wanted
    const bound = asked.use.refusedBy({ resource: resource.id, actions: [...actions, ...actionsOf(details)] })
    if (bound !== undefined) return refusal(asked, standing, fault('api_key_out_of_bounds'), { resource, bound })
    const unknown = actions.filter((action) => !resource.actions.includes(action))
    // A decision keeps what was asked; a secret that stands where a scope belongs must not be kept, nor one with spaces in it.
    if (unknown.length > 0 && [...unknown, actions.join(' ')].some(looksSecret))
      return refusal(asked, standing, fault('scope_malformed'), { resource })
    await parts.decisions.warm(standing.client.subject.id)
    const { id, kind, createdAtMs } = standing.credential
    const question = {
      subject: standing.client.subject,
      resource,
      credential: { id, kind, createdAtMs },
      instance: standing.instance,
      sourceIp: asked.request.source.ip,
      sourceRegion: asked.request.source.region,
      isSenderConstrained: asked.sender !== undefined,
      now,
    }
    const wrong = details.length === 0 ? undefined : detailsFault(details, resource)
    if (wrong !== undefined) {
      const verdict = parts.decisions.decide({ ...question, actions })
      return isApart(verdict)
        ? denied(asked, standing, resource, verdict, false)
        : refusal(asked, standing, wrong, { resource, verdict })
    }
    const { ofScope, decided, refusedOne } = decideWanted(parts, { ...asked.wanted, unknown }, question)
    if (refusedOne !== undefined) return denied(asked, standing, resource, refusedOne, unknown.length > 0)
    const verdicts = { ofScope: ofScope && asked.use.narrowed(ofScope.actions), decided }
    return issue(asked, standing, resource, verdicts, { now, appliedBefore })
  }

  const denied = (
    asked: Asked,
    standing: Standing,
    resource: TokenResource,
    verdict: TokenVerdict,
    isUnknown: boolean,
  ): Judged<Fault> => {
    const { decision, obligations } = verdict
    const known = { resource, verdict }
    const because = { decisionId: decision.id }
    // Outward, another environment is as good as not there; why tells the holder of the decision more.
    if (isApart(verdict)) return refusal(asked, standing, fault('resource_not_registered', because), known)
    if (isUnknown) return refusal(asked, standing, fault('scope_malformed', because), known)
    return refusal(asked, standing, fault('token_denied', { ...because, obligations }), known)
  }

  const issue = (
    asked: Asked,
    standing: Standing,
    resource: TokenResource,
    { ofScope = [], decided }: Verdicts,
    at: { readonly now: Date; readonly appliedBefore: number },
  ): Judged<Issue | Fault> => {
    // Our own API has no actions: there is nothing to narrow for who has no key.
    const { details } = asked.wanted
    const [verdict, ...others] = decided
    const known = verdict === undefined ? { resource } : { resource, verdict }
    if (standing.credential.limits !== undefined && ofScope.length === 0 && details.length === 0)
      return refusal(asked, standing, fault('api_key_out_of_bounds'), { ...known, bound: 'actions' })
    const retryAfterSeconds = asked.use.waitSeconds()
    if (retryAfterSeconds !== undefined)
      return refusal(asked, standing, fault('api_key_rate', { retryAfterSeconds }), known)
    const made = claimsOf(parts, asked, standing, resource, ofScope, at.now)
    const claims = parts.statuses.marked(resource, tagged(resource, standing.client.subject, made))
    const draft = draftOf(asked.request, {
      ...eventPart(KIND, asked, standing),
      token: tokenDigest(claims.jti),
      on: targetOf(resource),
      decision: verdict?.decision ?? null,
      // In the order of the log, which then need not sort them.
      evidence: {
        algorithm: resource.algorithm,
        audience: resource.uri,
        lifetimeSeconds: claims.exp - claims.iat,
        scope: claims.scope,
        tier: claims.reeve.tier,
        ...boundEvidence(claims.cnf),
        ...detailsEvidence(details),
        ...(asked.proven.granted === undefined ? {} : { grantedBy: asked.proven.granted.credential.id }),
        ...(asked.proven.generation === undefined ? {} : { generation: asked.proven.generation }),
      },
    })
    const { proven } = asked
    const value = { claims, algorithm: resource.algorithm, standing, proven, appliedBefore: at.appliedBefore }
    const drafts = others.map(({ decision }) =>
      draftOf(asked.request, {
        ...{ ...eventPart(KIND, asked, standing), kind: DETAIL_DECIDED, token: tokenDigest(claims.jti) },
        ...{ on: targetOf(resource), decision },
      }),
    )
    return { drafts: [draft, ...drafts], kept: decided.flatMap(({ kept }) => kept), value }
  }

  return createGrant<TokenRequest, Issue>(parts, {
    kind: KIND,
    takesApiKeys: true,
    read: (form, { granted }) => {
      const wanted = readTokenRequest(form)
      return granted === undefined || typeof wanted === 'string' || isWrongParameter(wanted)
        ? wanted
        : narrowedTo(granted, wanted)
    },
    audience: ({ resource }) => resource,
    judging: (asked) => {
      // Made once, so that however often it is judged it counts as one use.
      const use = keyUse(parts.keyRates, asked.proven.credential, asked.request.source.ip)
      return () => judge({ ...asked, use })
    },
    ended: async ({ claims, standing: before, proven }) => {
      const now = parts.clock.now()
      const standing = await standingOf(parts.memory, before, before.instance)
      if (standing instanceof Fault) return standing
      return whyNot(standing, claims.cnf, now) ?? whyNoGrant(proven, claims.cnf, now)
    },
  })
}

const isApart = ({ isAllowed, decision }: TokenVerdict): boolean => !isAllowed && decision.policies.includes(ISOLATION)

/** Asks the policy about scope and details; what is refused is the last thing that is asked. */
const decideWanted = (
  { decisions }: HotParts,
  wanted: Pick<TokenRequest, 'actions' | 'details'> & { readonly unknown: readonly string[] },
  question: Omit<TokenQuestion, 'actions' | 'detail'>,
) => {
  const { actions, details, unknown } = wanted
  // INVARIANT: no scope asks for everything, but for nothing where details say what is wanted (RFC 9396 §3.1).
  const isScopeWanted = details.length === 0 || actions.length > 0
  const ofScope = isScopeWanted ? decisions.decide({ ...question, actions }) : undefined
  const isScopeRefused = ofScope !== undefined && (!ofScope.isAllowed || unknown.length > 0)
  if (isScopeRefused) return { ofScope, decided: [ofScope], refusedOne: ofScope }
  const ofDetails = decideDetails(decisions, details, question)
  const decided = ofScope === undefined ? ofDetails : [ofScope, ...ofDetails]
  return { ofScope, decided, refusedOne: ofDetails.find((one, at) => !isWhole(one, details[at])) }
}

/** What was decided: what is left of the scope, where one was wanted, and every decision that was made for it. */
interface Verdicts {
  readonly ofScope: readonly string[] | undefined
  readonly decided: readonly TokenVerdict[]
}

interface Asked extends AskedOf<TokenRequest> {
  readonly use: KeyUse
}

interface Issue extends IssueOf {
  readonly standing: Standing
  readonly proven: ProvenClient
}

const refusal = (
  asked: Asked,
  who: Pick<Standing, 'client' | 'credential'>,
  refused: Fault,
  known: { readonly resource?: TokenResource; readonly verdict?: TokenVerdict; readonly bound?: KeyBound } = {},
): Judged<Fault> => {
  const kept: readonly Kept[] = known.verdict?.kept ?? []
  const part = {
    ...eventPart(KIND, asked, who),
    fault: refused,
    on: known.resource === undefined ? null : targetOf(known.resource),
    decision: known.verdict?.decision ?? null,
    evidence: {
      audience: printable(asked.wanted.resource),
      scope: withoutSecrets(asked.wanted.actions.join(' ')),
      ...detailsEvidence(asked.wanted.details),
      ...(known.bound === undefined ? {} : { bound: known.bound }),
    },
  }
  return { drafts: [draftOf(asked.request, part)], kept, value: refused }
}

const claimsOf = (
  parts: HotParts,
  asked: Asked,
  { client: { subject }, credential, instance, issuer }: Standing,
  resource: TokenResource,
  scope: readonly string[],
  now: Date,
): AccessTokenClaims => {
  const iat = Math.floor(now.getTime() / 1000)
  const ends = Math.min(endsUnder(credential, parts.tiers[subject.tier]), subject.expiresAt.getTime())
  const exp = Math.min(iat + parts.tiers[subject.tier].tokenSecondsDefault, Math.floor(ends / 1000))
  return {
    iss: parts.issuer(),
    sub: subject.id,
    client_id: subject.id,
    aud: resource.uri,
    exp,
    iat,
    jti: asked.jti,
    scope: scope.join(' '),
    authorization_details: asked.wanted.details.length === 0 ? undefined : asked.wanted.details,
    cnf: asked.sender?.cnf,
    may_act: asked.wanted.mayAct === undefined ? undefined : { sub: asked.wanted.mayAct },
    reeve: {
      principal_type: 'nhi',
      name: subject.name,
      environment: subject.environment,
      tier: subject.tier,
      owner: subject.owner.id,
      credential: credential.id,
      workflow: spoken(workflowOf(subject.workflow, { workflow: asked.proven.workflow, run: asked.wanted.run })),
      instance: instance ?? undefined,
      issuer,
      chain: chainOf(asked.proven, { subject, credential: credential.id, instance: instance ?? undefined, issuer }),
    },
  }
}

/**
 * What a token goes back to that is given on the word of another server. INVARIANT: the trust by which that is believed is in
 * it, so that a stop of the trust stops the token, here and at every verifier. Who presented it stands last, as in every chain.
 */
const chainOf = (
  { granted }: ProvenClient,
  by: Pick<ChainLink, 'credential' | 'instance' | 'issuer'> & { readonly subject: Subject },
): readonly ChainLink[] | undefined => {
  if (granted === undefined) return undefined
  const self = { jti: granted.once.key, sub: by.subject.id, owner: by.subject.owner.id }
  const { credential, instance, issuer } = by
  return [
    { ...self, credential: granted.credential.id, issuer: granted.issuer },
    { ...self, credential, instance, issuer },
  ]
}

// A token leaves out what is not known.
const spoken = (workflow: ReturnType<typeof workflowOf>) =>
  workflow === null
    ? undefined
    : { name: workflow.name, repository: workflow.repository ?? undefined, run: workflow.run ?? undefined }
