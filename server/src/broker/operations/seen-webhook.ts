import { z } from 'zod'
import { askedBy } from '../../kit/asked-by.ts'
import type { AnyTx } from '../../kit/database.ts'
import type { Caller } from '../../kit/operation.ts'
import { Line, Moment } from '../../kit/text.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import type { BrokerPorts, TokenResource } from '../room.ts'
import type { SeenConsumer } from '../store-consumer.ts'
import type { Credential } from '../store-credential.ts'
import { aboutIdentity } from './about-identity.ts'

/** The latest webhook that a receiver believed, of those by one secret and from one address. */
export const SeenWebhook = z.strictObject({
  credential: z.string().regex(/^crd_[\w-]{1,60}$/),
  at: Moment,
  /** The address that sent it; null where the receiver does not see that. */
  ip: Line(64).nullable().default(null),
})
export type SeenWebhook = z.infer<typeof SeenWebhook>

/** One that was seen, with the credential that signed it. */
export interface SignedWebhook {
  readonly seen: SeenWebhook
  readonly credential: Credential
}

/** Whether it may be true: the secret signs webhooks to this resource, and was there then. */
export const mayBeSeen = ({ seen, credential }: SignedWebhook, resource: TokenResource, now: Date): boolean => {
  const atMs = Date.parse(seen.at)
  return (
    credential.kind === 'webhook-secret' &&
    credential.limits?.resource === resource.id &&
    atMs >= credential.createdAt - SKEW_MS &&
    atMs <= now.getTime() + SKEW_MS &&
    atMs >= now.getTime() - AGE_MS_MAX
  )
}

const SKEW_MS = 60_000
const AGE_MS_MAX = 30 * 24 * 60 * 60 * 1000

/** Who signed with a secret after that had retired. */
export const retiredUses = (webhooks: readonly SignedWebhook[]): readonly SeenConsumer[] =>
  webhooks.flatMap(({ seen, credential: { id, state, stateAt } }) => {
    const at = new Date(seen.at)
    // A receiver has a moment in which it may believe the old one still.
    const isLate = state === 'retired' && at.getTime() > stateAt + LAG_MS
    return isLate ? [{ credential: id, instance: '', address: seen.ip ?? '', at }] : []
  })

const LAG_MS = 2 * 60 * 1000

/** Records each as an event: the one who acts in it is who tells, and it is on the identity that signed. */
export const recordSeen = async (
  ports: Pick<BrokerPorts, 'subjects' | 'random'>,
  tx: AnyTx,
  webhooks: readonly SignedWebhook[],
  { resource, caller, now }: { readonly resource: TokenResource; readonly caller: Caller; readonly now: Date },
): Promise<void> => {
  const drafts: EventDraft[] = []
  for (const { seen, credential } of webhooks) {
    const subject = await ports.subjects.find(tx, credential.identity)
    if (subject === undefined) continue
    const { tags = {}, ...on } = aboutIdentity(subject)
    drafts.push({
      kind: 'broker.webhook.take',
      outcome: 'done',
      code: null,
      ...askedBy(caller),
      on,
      change: [],
      decision: null,
      approval: null,
      evidence: {
        audience: resource.uri,
        usedAt: new Date(seen.at).toISOString(),
        usedFrom: seen.ip,
        usedCredential: credential.id,
      },
      tags,
    })
  }
  await appendEvents(tx, drafts, { random: ports.random, now })
}
