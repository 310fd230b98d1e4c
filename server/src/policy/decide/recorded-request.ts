import { createHash } from 'node:crypto'
import type { CedarRecord, Entity, EntityUid } from '@reeve/cedar'
import { canonicalize } from '@reeve/sdk/ledger'
import { z } from 'zod'
import type { Kept } from '../../ledger/event.ts'
import type { Ancestor } from './ancestry.ts'

/**
 * What a decision was made on, as it is kept beside the log and read for a replay. The moment is the event's own, so
 * that the same question asked again is the same text and is kept once.
 */
export interface RecordedRequest {
  /** A token for a resource, a call of one of the server's own operations, or a question of an application. */
  readonly of: 'token' | 'call' | 'evaluation'
  readonly principal: EntityUid
  readonly actions: readonly string[]
  readonly resource: EntityUid
  readonly context: CedarRecord
  readonly entities: readonly Entity[]
  /** The exception that lifted environment isolation. */
  readonly exception: string | null
  /** Those above an identity that somebody spawned, the nearest first. */
  readonly ancestors?: readonly Ancestor[]
}

/** The request as it is kept: canonical, under its digest. */
export const keptRequest = (request: RecordedRequest): Kept => {
  const body = canonicalize(request)
  return { digest: createHash('sha256').update(body).digest('base64url'), body }
}

/** A kept request; undefined when the text is not one. */
export const readKept = (body: string): RecordedRequest | undefined => asRequest(parseJson(body))

/** A request that was read as part of something else; undefined when it is none. */
export const asRequest = (value: unknown): RecordedRequest | undefined => {
  const parsed = Recorded.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/** An entity's name as it was kept. */
export const Uid = z.object({ type: z.string(), id: z.string() })
// The engine judges values by itself before it looks at them; here it is enough that they are records.
/** A record as it was kept. */
export const CedarRecordText = z.custom<CedarRecord>((value) => typeof value === 'object' && value !== null)
const Entities = z.array(
  z
    .object({ uid: Uid, attrs: CedarRecordText, parents: z.array(Uid), tags: CedarRecordText.optional() })
    .transform(definite),
)
const Recorded = z.object({
  of: z.enum(['token', 'call', 'evaluation']),
  principal: Uid,
  actions: z.array(z.string()),
  resource: Uid,
  context: CedarRecordText,
  entities: Entities,
  exception: z.string().nullable(),
  ancestors: z.array(z.object({ principal: Uid, entities: Entities, exception: z.string().nullable() })).default([]),
})

function definite(entity: {
  uid: EntityUid
  attrs: CedarRecord
  parents: EntityUid[]
  tags?: CedarRecord | undefined
}): Entity {
  const { tags, ...rest } = entity
  return tags === undefined ? rest : { ...rest, tags }
}

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
