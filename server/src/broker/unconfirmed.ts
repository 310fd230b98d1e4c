import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import type { BrokerPorts } from './room.ts'
import { verifiersHeard } from './store-verifier.ts'

/** Somebody who checks tokens and has not said yet that the stop is known there. */
export const UnconfirmedView = z.object({
  kind: z
    .enum(['verifier', 'connection'])
    .describe('an identity that serves a resource, or an open feed of nobody in particular, by its address'),
  name: z.string(),
  instance: z.string().nullable(),
  confirmedSeq: z.number().int().nullable().describe('how far it has confirmed the feed; null: it never did'),
  lastHeardAt: z.string().nullable().describe('when it last confirmed, or when the last feed was opened; null: never'),
})

/** Those who are shown; more than that nobody goes through by hand. */
const UNCONFIRMED_MAX = 1_000

// Each is looked up by its id, in the transaction of the stop.
const SILENT_MAX = 200

/** The list in the answer of a stop. */
export const UnconfirmedList = z
  .array(UnconfirmedView)
  .max(UNCONFIRMED_MAX)
  .describe(
    `who checks tokens of what was stopped and has not confirmed it yet: verifiers that were heard of lately, those that serve what it can reach, and open feeds of every replica; at most ${UNCONFIRMED_MAX}`,
  )

/** What was stopped: its place in the feed, and the identity whose tokens it is about; null for those of many. */
export interface StoppedAt {
  readonly seq: number
  readonly identity: string | null
  readonly now: Date
}

/** Everybody who is known to check tokens of what was stopped and has not confirmed that place in the feed. */
export const unconfirmedBy = async (
  db: AnyDb,
  ports: Pick<BrokerPorts, 'verifiers' | 'followers'>,
  { seq, identity, now }: StoppedAt,
): Promise<z.infer<typeof UnconfirmedView>[]> => {
  const heard = await verifiersHeard(db, now)
  const known = new Set(heard.map((each) => each.identity))
  const silent = (await ports.verifiers.reachedBy(db, identity, SILENT_MAX)).filter(({ id }) => !known.has(id))
  return [
    ...heard
      .filter((each) => each.seq < seq)
      .map((each) => ({
        kind: 'verifier' as const,
        name: each.name,
        instance: each.instance === '' ? null : each.instance,
        confirmedSeq: each.seq,
        lastHeardAt: new Date(each.at).toISOString(),
      })),
    ...silent.map(({ name }) => ({
      kind: 'verifier' as const,
      name,
      instance: null,
      confirmedSeq: null,
      lastHeardAt: null,
    })),
    ...(await ports.followers(db, now)).map(({ address, openedAt }) => ({
      kind: 'connection' as const,
      name: address,
      instance: null,
      confirmedSeq: null,
      lastHeardAt: openedAt.toISOString(),
    })),
  ].slice(0, UNCONFIRMED_MAX)
}
