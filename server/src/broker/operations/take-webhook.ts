import { z } from 'zod'
import type { Subject as OperationSubject } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { reportRetiredUse } from '../report-retired-use.ts'
import { type Decisions, operation, type TokenResource } from '../room.ts'
import { findCredentials } from '../store-credential.ts'
import { feedHead, stoppedAmong } from '../store-stop.ts'
import type { WebhookSender } from '../webhook-senders.ts'
import { openSecret } from './keep-secret.ts'
import { mayBeSeen, recordSeen, retiredUses, SeenWebhook } from './seen-webhook.ts'

const SEEN_MAX = 200

/** Tells whoever serves a resource which secrets sign webhooks to it now, and hears which of them were seen in use. */
export const takeWebhook = operation.write({
  name: 'broker.webhook.take',
  summary: 'take the secrets that sign webhooks to a resource which the caller serves, and tell which were seen',
  input: z.strictObject({
    /** The URI of the resource that takes the webhooks. */
    resource: z.string().min(1).max(500),
    /** Since this was last told: the latest webhook that was believed, by secret and address of the sender. */
    seen: z.array(SeenWebhook).max(SEEN_MAX).default([]),
  }),
  output: z.object({
    /** While a secret is rotated, the old one and the new one. */
    secrets: z.array(
      z.object({
        credential: z.string(),
        identity: z.string(),
        name: z.string(),
        /** The team of the identity: what stops it stops the sender. */
        owner: z.string(),
        /** What its webhooks may ask of the resource. */
        actions: z.array(z.string()),
        secret: z.string(),
        expiresAt: z.string(),
      }),
    ),
    /** Of the revocation feed: what was stopped up to this number is left out. */
    seq: z.int(),
    /** How many of `seen` were taken; the others are of no secret for this resource, or of another time. */
    accepted: z.int(),
  }),
  faults: ['webhook_not_received'],
  principals: ['nhi'],
  on: ({ input, caller, ports }) => aboutResource(servedResource(ports.decisions, caller.actor.id, input.resource)),
  prepare: async ({ input, caller, now, ports }) => {
    if (caller.actor.id !== null) await ports.decisions.warm(caller.actor.id)
    return ports.webhookSenders(servedResource(ports.decisions, caller.actor.id, input.resource), now)
  },
  run: async ({ input, caller, now, ports, tx, prepared: { senders, leftOut } }) => {
    const resource = servedResource(ports.decisions, caller.actor.id, input.resource)
    const ids = new Set([...senders.map(({ credential }) => credential.id), ...input.seen.map((one) => one.credential)])
    const stored = await findCredentials(tx, [...ids])
    // INVARIANT: what was stopped since it was judged is not told; what is stopped after this, the feed tells.
    const targets = senders.flatMap((sender) => sender.targets)
    const stopped = await stoppedAmong(tx, [...new Set(targets)], now)
    const secrets = senders.flatMap((sender) => {
      const credential = stored.get(sender.credential.id)
      const isStopped = credential?.state !== 'active' || sender.targets.some((target) => stopped.has(target))
      const secret = isStopped ? undefined : openSecret(ports, credential)
      return secret === undefined ? [] : [toldOf(sender, secret)]
    })
    const seen = input.seen.flatMap((one) => {
      const credential = stored.get(one.credential)
      const webhook = credential && { seen: one, credential }
      return webhook !== undefined && mayBeSeen(webhook, resource, now) ? [webhook] : []
    })
    await recordSeen(ports, tx, seen, { resource, caller, now })
    const whyNot = leftOut.map(({ credential, why }) => `${credential} ${why}`).join(', ')
    return {
      output: { secrets, seq: await feedHead(tx), accepted: seen.length },
      evidence: { told: secrets.length, leftOut: whyNot.slice(0, WHY_MAX), accepted: seen.length },
      signals: await reportRetiredUse(ports, tx, retiredUses(seen), now),
    }
  },
})

const WHY_MAX = 500

const servedResource = (decisions: Decisions, caller: string | null, uri: string): TokenResource => {
  const served = caller === null ? [] : decisions.resourcesServedBy(caller)
  const resource = served.find((each) => each.uri === uri)
  if (resource === undefined) throw fault('webhook_not_received')
  return resource
}

const aboutResource = ({ id, name, environment, owner }: TokenResource): OperationSubject => ({
  type: 'Resource',
  id,
  name,
  environment,
  team: owner,
})

const toldOf = ({ credential, subject, actions, endsAtMs }: WebhookSender, secret: string) => ({
  credential: credential.id,
  identity: subject.id,
  name: subject.name,
  owner: subject.owner.id,
  actions: [...actions],
  secret,
  expiresAt: new Date(endsAtMs).toISOString(),
})
