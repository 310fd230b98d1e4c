import { z } from 'zod'
import { normalEnvironment } from './domain/environment.ts'
import { KINDS } from './domain/identity.ts'
import type { Sighting } from './domain/sighting.ts'
import { line } from './texts.ts'

const TEXT_MAX = 4096

const text = (field: string) => line(field, TEXT_MAX)

const guess = z.strictObject({ value: text('value'), because: text('because') }).nullable()

const place = z.strictObject({
  path: text('path'),
  line: z.number().int().min(1).max(1_000_000_000),
  repository: z.string().max(TEXT_MAX).default(''),
  inRepository: z.string().max(TEXT_MAX).default(''),
})

/** A sighting as a scan prints it. Its traits are judged by the scan; the register keeps what was seen. */
export const SightingInput = z.strictObject({
  source: line('source', 100),
  kind: z.enum(KINDS),
  name: text('name'),
  stableKey: line('stableKey', 500),
  repository: z.string().max(TEXT_MAX).default(''),
  where: place,
  alsoAt: z.array(place).max(5000).default([]),
  reaches: z
    .array(
      z.strictObject({
        what: text('what'),
        access: z.enum(['read', 'write', 'admin', 'unknown']),
        because: text('because'),
      }),
    )
    .max(5000)
    .default([]),
  evidence: z.array(text('evidence')).max(5000).default([]),
  environment: guess.default(null),
  ownerHint: guess.default(null),
  traits: z
    .array(z.record(z.string().max(50), z.unknown()))
    .max(5000)
    .default([]),
})

const KEPT_MAX = 50
const NAME_MAX = 300

/** What the register keeps of a sighting: the first of its places, reaches and pieces of evidence. */
export const keptOf = (input: z.infer<typeof SightingInput>): Omit<Sighting, 'id' | 'firstSeenAt' | 'lastSeenAt'> => ({
  source: input.source,
  kind: input.kind,
  name: input.name.slice(0, NAME_MAX),
  stableKey: input.stableKey,
  state: 'unmanaged',
  identityId: null,
  repository: input.repository,
  environment: input.environment === null ? null : normalEnvironment(input.environment.value.slice(0, 40)),
  ownerHint: input.ownerHint,
  places: [input.where, ...input.alsoAt].slice(0, KEPT_MAX).map(({ path, line: at }) => `${path}:${at}`),
  reaches: input.reaches.slice(0, KEPT_MAX),
  evidence: input.evidence.slice(0, KEPT_MAX),
})

/** A sighting as callers see it. */
export const SightingView = z.object({
  id: z.string(),
  source: z.string(),
  kind: z.enum(KINDS),
  name: z.string(),
  stableKey: z.string(),
  state: z.enum(['unmanaged', 'managed']),
  identity: z.string().nullable(),
  repository: z.string(),
  environment: z.string().nullable(),
  owner: z.object({ value: z.string(), because: z.string() }).nullable().describe('a guess with its reason'),
  places: z.array(z.string()),
  reaches: z.array(z.object({ what: z.string(), access: z.string(), because: z.string() })),
  evidence: z.array(z.string()),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
})

/** What callers see of a sighting. */
export const sightingViewOf = (sighting: Sighting): z.infer<typeof SightingView> => {
  const { identityId, ownerHint, firstSeenAt, lastSeenAt, ...rest } = sighting
  return {
    ...rest,
    identity: identityId,
    owner: ownerHint,
    places: [...rest.places],
    reaches: [...rest.reaches],
    evidence: [...rest.evidence],
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
  }
}
