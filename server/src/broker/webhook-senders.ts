import { revocationTarget } from '@reeve/sdk'
import type { AnyDb } from '../kit/database.ts'
import { endsUnder } from './domain/credential-life.ts'
import type { HotParts } from './hot/hot-parts.ts'
import { standingFault } from './hot/standing.ts'
import type { Subject, TokenResource } from './room.ts'
import { type Credential, signingSecretsTo } from './store-credential.ts'

/** Somebody who signs webhooks to a resource, and what these may ask of it. */
export interface WebhookSender {
  readonly credential: Credential
  readonly subject: Subject
  readonly actions: readonly string[]
  readonly endsAtMs: number
  /** Every name under which it would be stopped. */
  readonly targets: readonly string[]
}

/** Whose webhooks to a resource are to be believed, and who is left out, with the code of why. */
export interface WebhookSenders {
  readonly senders: readonly WebhookSender[]
  readonly leftOut: readonly { readonly credential: string; readonly why: string }[]
}

type Parts = Pick<HotParts, 'memory' | 'board' | 'tiers' | 'decisions' | 'issuer'>

/** Makes what judges senders as a token request is judged: by how they stand, and by what policy grants them at this moment. */
export const createWebhookSenders =
  (db: AnyDb, parts: Parts) =>
  async (resource: TokenResource, now: Date): Promise<WebhookSenders> => {
    const senders: WebhookSender[] = []
    const leftOut: { credential: string; why: string }[] = []
    for (const credential of await signingSecretsTo(db, resource.id, now)) {
      const judged = await judge(parts, credential, resource, now)
      if (typeof judged === 'string') leftOut.push({ credential: credential.id, why: judged })
      else senders.push(judged)
    }
    return { senders, leftOut }
  }

/** The sender, or the code of why nothing that it signs is to be believed. */
const judge = async (
  parts: Parts,
  stored: Credential,
  resource: TokenResource,
  now: Date,
): Promise<WebhookSender | string> => {
  const { memory, board, tiers, decisions } = parts
  const client = await memory.find(stored.identity)
  const credential = client?.credentials.find(({ id }) => id === stored.id)
  if (client === undefined || credential?.limits === undefined) return 'credential_stopped'
  const issuer = parts.issuer()
  const standing = { client, credential, instance: null }
  const stopped = standingFault(standing, { board, tiers, issuer, nowMs: now.getTime() })
  if (stopped !== undefined) return stopped.code
  const { subject, targets } = client
  await decisions.warm(subject.id)
  const verdict = decisions.decide({
    subject,
    resource,
    actions: [],
    credential: { id: credential.id, kind: credential.kind, createdAtMs: credential.createdAtMs },
    instance: null,
    sourceIp: null,
    sourceRegion: null,
    // Its signature is over one message and good for nothing else.
    isSenderConstrained: true,
    now,
  })
  const { limits } = credential
  const actions = verdict.isAllowed ? verdict.actions.filter((action) => limits.actions.includes(action)) : []
  if (actions.length === 0) return 'token_denied'
  const endsAtMs = Math.min(endsUnder(credential, tiers[subject.tier]), subject.expiresAt.getTime())
  const all = [credential.target, targets.identity, targets.owner, revocationTarget('issuer', issuer)]
  return { credential: stored, subject, actions, endsAtMs, targets: all }
}
