import type { AccessTokenClaims } from '@reeve/sdk'
import type { Judged } from '../../kit/hot.ts'
import { type MaybeLater, whenThere } from '../../kit/when-there.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { endsUnder } from '../domain/credential-life.ts'
import type { Client, ClientCredential } from '../memory/client-memory.ts'
import type { TokenResource, TokenVerdict } from '../room.ts'
import type { KeyOwner } from '../store-credential.ts'
import { draftOf, type EventPart, workflowOf } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import type { Found } from './introspect-token.ts'
import { type KeyUse, keyUse } from './key-use.ts'
import { type KeyUseRecord, keyUsePool } from './key-use-pool.ts'
import type { OAuthRequest } from './oauth-request.ts'
import { standingFault } from './standing.ts'
import { tagged } from './tag-claims.ts'
import { unboundFault } from './unbound-fault.ts'

/** An API key that a verifier asks about, and from where it was used. */
export interface AskedKey {
  readonly owner: KeyOwner
  readonly address: string | null
  /** Counted once, however often it is judged. */
  use: KeyUse | undefined
}

/** Judges an API key for the identity that serves its resource: what a token would be issued for is active. */
export const judgeKey = (parts: HotParts, question: KeyQuestion): MaybeLater<Judged<Found>> =>
  whenThere(parts.memory.find(question.key.owner.identity), (client) => {
    const { decisions } = parts
    const judge = () => judgeOf(parts, question, client)
    const warmClient = () => whenThere(client && decisions.warm(client.subject.id), judge)
    return whenThere(decisions.warm(question.asker.client.subject.id), warmClient)
  })

/** What is asked: this key, by whom, at this moment. */
interface KeyQuestion {
  readonly request: OAuthRequest
  readonly asker: EventPart
  readonly key: AskedKey
  readonly now: Date
}

/** The same with all of memory that it takes. */
const judgeOf = (
  parts: HotParts,
  { request, asker, key, now }: KeyQuestion,
  client: Client | undefined,
): Judged<Found> => {
  const credential = client?.credentials.find(({ id }) => id === key.owner.credential)
  const inactive = (why: string, verdict?: TokenVerdict): Judged<Found> => ({
    drafts: [
      draftOf(request, {
        ...asker,
        on: client === undefined ? null : targetOf(client),
        decision: verdict?.decision ?? null,
        evidence: evidenceOf(key, why),
      }),
    ],
    kept: verdict?.kept ?? [],
    // RFC 7662 §2.2: nothing else is said of it.
    value: { answer: { active: false } },
  })
  if (client === undefined || credential?.limits === undefined) return inactive('credential_stopped')
  const askerId = asker.client.subject.id
  const { limits } = credential
  const resource = parts.decisions.resourcesServedBy(askerId).find(({ id }) => id === limits.resource)
  if (resource === undefined) return inactive('not_for_asker')
  const given = { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: now.getTime() }
  const stopped = standingFault({ client, credential, instance: null }, given)
  if (stopped !== undefined) return inactive(stopped.code)
  // Whoever has a key can use it, as whoever has an unbound token: one rule for both.
  const unbound = unboundFault(parts.tiers, client.subject.tier, undefined)
  if (unbound !== undefined) return inactive(unbound.code)
  key.use ??= keyUse(parts.keyRates, credential, key.address)
  const bound = key.use.refusedBy({ resource: resource.id, actions: [] })
  if (bound !== undefined) return inactive(bound)
  const verdict = parts.decisions.decide({
    subject: client.subject,
    resource,
    actions: [],
    credential: { id: credential.id, kind: credential.kind, createdAtMs: credential.createdAtMs },
    instance: null,
    sourceIp: key.address,
    sourceRegion: null,
    // Whoever has the key can use it.
    isSenderConstrained: false,
    now,
  })
  const actions = verdict.isAllowed ? key.use.narrowed(verdict.actions) : []
  if (actions.length === 0) return inactive('token_denied', verdict)
  if (key.use.waitSeconds() !== undefined) return inactive('rate', verdict)
  const { answer, text, on, evidence } = saidOf(parts, key, { client, credential, resource, scope: actions.join(' ') })
  const record: KeyUseRecord = {
    draft: draftOf(request, { ...asker, on, decision: verdict.decision, evidence }),
    requestId: request.requestId,
  }
  return {
    drafts: [],
    pooled: { pool: POOL, records: [record] },
    kept: verdict.kept,
    value: { answer, text, record },
  }
}

const POOL = keyUsePool()

/** What an active key is good for. */
interface ActiveKey {
  readonly client: Client
  readonly credential: ClientCredential
  readonly resource: TokenResource
  readonly scope: string
}

/** What is said and recorded of an active key. */
interface Said {
  readonly active: ActiveKey
  readonly issuer: string
  readonly address: string | null
  readonly answer: Found['answer']
  readonly text: string
  readonly on: EventPart['on']
  readonly evidence: EventDraft['evidence']
}

/**
 * As it was said last while nothing is different. INVARIANT: it hangs on nothing else, neither on the moment nor on who asks; client and
 * resource are other objects in memory once anything of them changed. Whether the key is active was judged before.
 */
const saidOf = (parts: HotParts, key: AskedKey, active: ActiveKey): Said => {
  const { client, credential, resource, scope } = active
  const issuer = parts.issuer()
  const last = lastSaid.get(credential)
  if (
    last !== undefined &&
    last.active.client === client &&
    last.active.resource === resource &&
    last.active.scope === scope &&
    last.issuer === issuer &&
    last.address === key.address
  )
    return last
  const answer = activeOf(parts, active)
  const evidence = { ...evidenceOf(key, null), audience: resource.uri, scope }
  const text = JSON.stringify(answer)
  const said = { active, issuer, address: key.address, answer, text, on: targetOf(client), evidence }
  lastSaid.set(credential, said)
  return said
}

const lastSaid = new WeakMap<ClientCredential, Said>()

/** Said by the verifier, and so is evidence of where the key was used, not of where the verifier is. */
const evidenceOf = ({ owner, address }: AskedKey, why: string | null) => ({
  active: why === null,
  why,
  usedCredential: owner.credential,
  usedIp: address,
})

const activeOf = (
  parts: HotParts,
  { client: { subject }, credential, resource, scope }: ActiveKey,
): Found['answer'] => {
  const ends = Math.min(endsUnder(credential, parts.tiers[subject.tier]), subject.expiresAt.getTime())
  const workflow = workflowOf(subject.workflow, {})
  const claims: AccessTokenClaims = {
    iss: parts.issuer(),
    sub: subject.id,
    client_id: subject.id,
    aud: resource.uri,
    exp: Math.floor(ends / 1000),
    iat: Math.floor(credential.createdAtMs / 1000),
    // A key is its own only token: what stops the one stops the other.
    jti: credential.id,
    scope,
    reeve: {
      principal_type: 'nhi',
      name: subject.name,
      environment: subject.environment,
      tier: subject.tier,
      owner: subject.owner.id,
      credential: credential.id,
      ...(workflow === null ? {} : { workflow: { name: workflow.name, repository: workflow.repository ?? undefined } }),
    },
  }
  const rate = credential.limits?.ratePerMinute ?? null
  return {
    active: true,
    token_type: 'Bearer',
    ...tagged(resource, subject, claims),
    credential_kind: 'api-key',
    ...(rate === null ? {} : { rate_per_minute: rate }),
  }
}

const targetOf = ({ subject }: Client) => ({
  type: 'Identity',
  id: subject.id,
  name: subject.name,
  environment: subject.environment,
  team: subject.owner.id,
})
