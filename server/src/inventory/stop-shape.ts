import { z } from 'zod'
import type { Identity, Team } from './domain/identity.ts'
import { ImpactView, OwnerImpactView } from './impact.ts'
import { reason, reference } from './texts.ts'

const text = z.string()

const stopFields = {
  reason,
  dryRun: z.boolean().default(false).describe('tell the impact and change nothing'),
}

/** How an identity is stopped or released. */
export const IdentityStopInput = z.strictObject({ identity: reference('identity'), ...stopFields })

/** How all identities of a team are stopped or released. */
export const OwnerStopInput = z.strictObject({ owner: reference('owner'), ...stopFields })

const answer = {
  before: text.describe('the state before'),
  after: text.describe('the state after; in a dry run the one it still has'),
  isDryRun: z.boolean(),
  stoppedAt: text.nullable(),
  seq: z.number().int().nullable().describe('the number of this change in the revocation feed'),
  unconfirmed: z
    .array(
      z.object({
        kind: z
          .enum(['verifier', 'connection'])
          .describe('an open feed of nobody in particular is named by its address'),
        name: text,
        instance: text.nullable(),
        confirmedSeq: z.number().int().nullable().describe('null: it never confirmed anything'),
        lastHeardAt: text.nullable().describe('when it last confirmed, or opened the feed; null: never'),
      }),
    )
    .describe('who checks tokens of what was stopped and has not confirmed that number yet; at most 1,000'),
}

/** What came of stopping or releasing an identity. */
export const IdentityStopView = z.object({
  identity: z.object({ id: text, name: text }),
  ...answer,
  along: z.array(z.object({ id: text, name: text })).describe('descendants that were stopped or released with it'),
  impact: ImpactView,
})

/** What came of stopping or releasing a team. */
export const OwnerStopView = z.object({ owner: z.object({ id: text, name: text }), ...answer, impact: OwnerImpactView })

/** The id and name of an identity or a team. */
export const nameOf = ({ id, name }: Identity | Team) => ({ id, name })
