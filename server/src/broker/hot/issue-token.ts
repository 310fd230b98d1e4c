import type { AccessTokenClaims } from '@reeve/sdk'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { looksSecret, withoutSecrets } from '../../kit/secret-shape.ts'
import type { Kept } from '../../ledger/event.ts'
import { endsUnder } from '../domain/credential-life.ts'
import type { KeyBound } from '../domain/key-limits.ts'
import { readTokenRequest, type TokenRequest } from '../domain/token-request.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { TokenResource, TokenVerdict } from '../room.ts'
import { type Asked as AskedOf, createGrant, eventPart, ISOLATION, type Issue as IssueOf, targetOf } from './grant.ts'
import { draftOf, printable, workflowOf } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { type KeyUse, keyUse } from './key-use.ts'
import { boundEvidence } from './sender-of.ts'
import { type Standing, standingFault, standingOf } from './standing.ts'
import { tagged } from './tag-claims.ts'
import { unboundFault } from './unbound-fault.ts'

const KIND = 'broker.token.issue'

/** A token of its own for who proved itself (RFC 6749 §4.4, RFC 7523 §2.1). */
export const createIssueToken = (parts: HotParts) => {
  /** Everything that memory says about this request, read anew each time. */
  const judge = async (asked: Asked): Promise<Judged<Issue | Fault>> => {
    const now = parts.clock.now()
    const appliedBefore = parts.changes.applied()
    const standing = await standingOf(parts.memory, asked.proven, asked.instance)
    if (standing instanceof Fault) return refusal(asked, asked.proven, standing)
    const stopped = standingFault(standing, {
      board: parts.board,
      tiers: parts.tiers,
      issuer: parts.issuer(),
      nowMs: now.getTime(),
    })
    if (stopped !== undefined) return refusal(asked, standing, stopped)
    const unbound = unboundFault(parts.tiers, standing.client.subject.tier, asked.sender)
    if (unbound !== undefined) return refusal(asked, standing, unbound)
    const resource = parts.decisions.resource(asked.wanted.resource)
    if (resource === undefined) return refusal(asked, standing, fault('resource_not_registered'))
    const bound = asked.use.refusedBy({ resource: resource.id, actions: asked.wanted.actions })
    if (bound !== undefined) return refusal(asked, standing, fault('api_key_out_of_bounds'), { resource, bound })
    const unknown = asked.wanted.actions.filter((action) => !resource.actions.includes(action))
    // A decision keeps what was asked; a secret that stands where a scope belongs must not be kept.
    if (unknown.some(looksSecret)) return refusal(asked, standing, fault('scope_malformed'), { resource })
    await parts.decisions.warm(standing.client.subject.id)
    const { id, kind, createdAtMs } = standing.credential
    const decided = parts.decisions.decide({
      subject: standing.client.subject,
      resource,
      actions: asked.wanted.actions,
      credential: { id, kind, createdAtMs },
      instance: standing.instance,
      sourceIp: asked.request.source.ip,
      sourceRegion: asked.request.source.region,
      isSenderConstrained: asked.sender !== undefined,
      now,
    })
    const { decision } = decided
    const verdict = { ...decided, actions: asked.use.narrowed(decided.actions) }
    // Outward, another environment is as good as not there; why tells the holder of the decision more.
    if (!verdict.isAllowed && decision.policies.includes(ISOLATION))
      return refusal(asked, standing, fault('resource_not_registered', { decisionId: decision.id }), {
        resource,
        verdict,
      })
    if (unknown.length > 0)
      return refusal(asked, standing, fault('scope_malformed', { decisionId: decision.id }), { resource, verdict })
    if (!verdict.isAllowed) {
      const { obligations } = verdict
      const denied = fault('token_denied', { decisionId: decision.id, obligations })
      return refusal(asked, standing, denied, { resource, verdict })
    }
    return issue(asked, standing, resource, verdict, { now, appliedBefore })
  }

  const issue = (
    asked: Asked,
    standing: Standing,
    resource: TokenResource,
    verdict: TokenVerdict,
    at: { readonly now: Date; readonly appliedBefore: number },
  ): Judged<Issue | Fault> => {
    // Our own API has no actions: there is nothing to narrow for who has no key.
    if (standing.credential.limits !== undefined && verdict.actions.length === 0)
      return refusal(asked, standing, fault('api_key_out_of_bounds'), { resource, verdict, bound: 'actions' })
    const retryAfterSeconds = asked.use.waitSeconds()
    if (retryAfterSeconds !== undefined)
      return refusal(asked, standing, coreFault('limited', { retryAfterSeconds }), { resource, verdict })
    const made = claimsOf(parts, asked, standing, resource, verdict, at.now)
    const claims = parts.statuses.marked(resource, tagged(resource, standing.client.subject, made))
    const draft = draftOf(asked.request, {
      ...eventPart(KIND, asked, standing),
      token: tokenDigest(claims.jti),
      on: targetOf(resource),
      decision: verdict.decision,
      evidence: {
        audience: resource.uri,
        scope: claims.scope,
        algorithm: resource.algorithm,
        lifetimeSeconds: claims.exp - claims.iat,
        tier: claims.reeve.tier,
        ...boundEvidence(claims.cnf),
        ...(asked.proven.generation === undefined ? {} : { generation: asked.proven.generation }),
      },
    })
    const value = { claims, algorithm: resource.algorithm, standing, appliedBefore: at.appliedBefore }
    return { drafts: [draft], kept: verdict.kept, value }
  }

  return createGrant<TokenRequest, Issue>(parts, {
    kind: KIND,
    takesApiKeys: true,
    read: readTokenRequest,
    audience: ({ resource }) => resource,
    judging: (asked) => {
      // Made once, so that however often it is judged it counts as one use.
      const use = keyUse(parts.keyRates, asked.proven.credential, asked.request.source.ip)
      return () => judge({ ...asked, use })
    },
    ended: async ({ claims, standing: before }) => {
      const standing = await standingOf(parts.memory, before, before.instance)
      if (standing instanceof Fault) return standing
      const nowMs = parts.clock.now().getTime()
      const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs }
      const stopped = standingFault(standing, given)
      return stopped ?? unboundFault(parts.tiers, standing.client.subject.tier, claims.cnf)
    },
  })
}

interface Asked extends AskedOf<TokenRequest> {
  readonly use: KeyUse
}

interface Issue extends IssueOf {
  readonly standing: Standing
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
      ...(known.bound === undefined ? {} : { bound: known.bound }),
    },
  }
  return { drafts: [draftOf(asked.request, part)], kept, value: refused }
}

const claimsOf = (
  parts: HotParts,
  asked: Asked,
  { client: { subject }, credential, instance }: Standing,
  resource: TokenResource,
  verdict: TokenVerdict,
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
    scope: verdict.actions.join(' '),
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
    },
  }
}

// A token leaves out what is not known.
const spoken = (workflow: ReturnType<typeof workflowOf>) =>
  workflow === null
    ? undefined
    : { name: workflow.name, repository: workflow.repository ?? undefined, run: workflow.run ?? undefined }
