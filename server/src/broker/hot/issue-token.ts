import type { AccessTokenClaims } from '@reeve/sdk'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { looksSecret, withoutSecrets } from '../../kit/secret-shape.ts'
import type { Kept } from '../../ledger/event.ts'
import { endsUnder } from '../domain/credential-life.ts'
import type { KeyBound } from '../domain/key-limits.ts'
import { readTokenRequest, type TokenRequest } from '../domain/token-request.ts'
import { fault } from '../faults.ts'
import type { ActiveKey } from '../memory/key-ring.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { TokenResource, TokenVerdict } from '../room.ts'
import type { ProvenSender } from '../sender-proof.ts'
import { signText } from '../signature.ts'
import { agreedInstance } from './agreed-instance.ts'
import { authenticateClient, type ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, printable, refusedBy, workflowOf } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import { type KeyUse, keyUse } from './key-use.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { runOnce } from './run-once.ts'
import { senderOf } from './sender-of.ts'
import { type Standing, standingFault, standingOf } from './standing.ts'
import { unboundFault } from './unbound-fault.ts'

/** A token as the token endpoint answers it (RFC 6749 §5.1). */
export interface IssuedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  readonly expiresInSeconds: number
  readonly scope: string
  /** Of an exchange (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
}

const KIND = 'broker.token.issue'

/** The token endpoint: authenticate, decide and record from memory, and sign after the record is durable. */
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
    const claims = claimsOf(parts, asked, standing, resource, verdict, at.now)
    const draft = draftOf(asked.request, {
      ...eventPart(asked, standing),
      token: tokenDigest(claims.jti),
      on: targetOf(resource),
      decision: verdict.decision,
      evidence: {
        audience: resource.uri,
        scope: claims.scope,
        algorithm: resource.algorithm,
        lifetimeSeconds: claims.exp - claims.iat,
        tier: claims.reeve.tier,
        ...(claims.cnf === undefined ? {} : { boundTo: claims.cnf.jkt }),
      },
    })
    const value = { claims, algorithm: resource.algorithm, standing, appliedBefore: at.appliedBefore }
    return { drafts: [draft], kept: verdict.kept, value }
  }

  /** After the commit: the signature, and a last look at what was stopped while it was made (rule 13). */
  const sign = async (issue: Issue, key: ActiveKey): Promise<IssuedToken | Fault> => {
    const { claims } = issue
    const input = key.prefix + Buffer.from(JSON.stringify(claims)).toString('base64url')
    const signature = await signText(key.bound, input)
    if (parts.changes.applied() !== issue.appliedBefore) {
      const standing = await standingOf(parts.memory, issue.standing, issue.standing.instance)
      if (standing instanceof Fault) return standing
      const given = {
        board: parts.board,
        tiers: parts.tiers,
        issuer: parts.issuer(),
        nowMs: parts.clock.now().getTime(),
      }
      const stopped = standingFault(standing, given)
      if (stopped !== undefined) return stopped
      const unbound = unboundFault(parts.tiers, standing.client.subject.tier, claims.cnf)
      if (unbound !== undefined) return unbound
    }
    return {
      accessToken: `${input}.${signature.toString('base64url')}`,
      tokenType: claims.cnf === undefined ? 'Bearer' : 'DPoP',
      expiresInSeconds: claims.exp - claims.iat,
      scope: claims.scope,
    }
  }

  return async (request: OAuthRequest): Promise<IssuedToken | Fault> => {
    const judged = senderOf(parts, request)
    const sender = judged === undefined ? undefined : await judged
    // Nothing is spent or recorded for it: it is how a nonce is asked for, and the same comes again with it (RFC 9449 §8).
    if (sender instanceof Fault && sender.code === 'dpop_nonce_required') return sender
    const nowSeconds = Math.floor(parts.clock.now().getTime() / 1000)
    const proven = await authenticateClient(request, {
      memory: parts.memory,
      foreign: parts.foreign,
      audiences: [parts.issuer(), `${parts.issuer()}/oauth/token`],
      nowSeconds,
      takesApiKeys: true,
    })
    if (!proven.isProven) return refusedBy(parts, request, KIND, proven)
    const asked = sender instanceof Fault ? sender : readAsked(parts, request, proven, sender)
    if (asked instanceof Fault) {
      const part = { kind: KIND, client: proven.client, credential: proven.credential, instance: null, fault: asked }
      const draft = draftOf(request, part)
      return runOnce<never>(parts, request, { proven, part }, async () => ({ drafts: [draft], value: asked }))
    }
    const algorithm = parts.decisions.resource(asked.wanted.resource)?.algorithm
    // Made before anything is recorded: no key, no record of a token.
    const key = algorithm === undefined ? undefined : parts.ring.active(algorithm)
    const ready = key instanceof Promise ? await key : key
    const part = eventPart(asked, proven)
    const answer = await runOnce<Issue>(parts, request, { proven, part, sender: asked.sender }, () => judge(asked))
    if (answer instanceof Fault) return answer
    const signing = ready?.bound.algorithm === answer.algorithm ? ready : await parts.ring.active(answer.algorithm)
    return sign(answer, signing)
  }
}

interface Asked {
  readonly request: OAuthRequest
  readonly proven: ProvenClient
  readonly sender: ProvenSender | undefined
  readonly wanted: TokenRequest
  readonly instance: string | null
  readonly jti: string
  readonly use: KeyUse
}

interface Issue {
  readonly claims: AccessTokenClaims
  readonly algorithm: TokenResource['algorithm']
  readonly standing: Standing
  readonly appliedBefore: number
}

const readAsked = (
  parts: HotParts,
  request: OAuthRequest,
  proven: ProvenClient,
  sender: ProvenSender | undefined,
): Asked | Fault => {
  const wanted = readTokenRequest(request.form)
  if (typeof wanted === 'string') return fault(wanted)
  const running = agreedInstance(proven, wanted)
  if (running === undefined) return fault('parameter_invalid')
  const jti = parts.random.bytes(16).toString('base64url')
  const use = keyUse(parts.keyRates, proven.credential, request.source.ip)
  return { request, proven, sender, wanted, instance: running.instance, jti, use }
}

/** Environments are apart (rule 8) unless an exception lifts that; the policy judges it, and names what it refuses by. */
export const ISOLATION = 'reeve:environment-isolation'

const eventPart = (asked: Asked, who: Pick<Standing, 'client' | 'credential'>): EventPart => ({
  kind: KIND,
  client: who.client,
  credential: who.credential,
  instance: asked.instance,
  ...runningOf(asked),
})

/** A resource as events tell what a token is for. */
export const targetOf = ({ id, name, environment, owner }: TokenResource) => ({
  type: 'Resource',
  id,
  name,
  environment,
  team: owner,
})

const refusal = (
  asked: Asked,
  who: Pick<Standing, 'client' | 'credential'>,
  refused: Fault,
  known: { readonly resource?: TokenResource; readonly verdict?: TokenVerdict; readonly bound?: KeyBound } = {},
): Judged<Fault> => {
  const kept: readonly Kept[] = known.verdict?.kept ?? []
  const part = {
    ...eventPart(asked, who),
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
    cnf: asked.sender === undefined ? undefined : { jkt: asked.sender.jkt },
    may_act: asked.wanted.mayAct === undefined ? undefined : { sub: asked.wanted.mayAct },
    reeve: {
      principal_type: 'nhi',
      name: subject.name,
      environment: subject.environment,
      tier: subject.tier,
      owner: subject.owner.id,
      credential: credential.id,
      workflow: spoken(workflowOf(subject.workflow, runningOf(asked))),
      instance: instance ?? undefined,
    },
  }
}

const runningOf = ({ proven, wanted }: Asked): Pick<EventPart, 'workflow' | 'run'> => ({
  workflow: proven.workflow,
  run: wanted.run,
})

// A token leaves out what is not known.
const spoken = (workflow: ReturnType<typeof workflowOf>) =>
  workflow === null
    ? undefined
    : { name: workflow.name, repository: workflow.repository ?? undefined, run: workflow.run ?? undefined }
