import { z } from 'zod'
import { normalEnvironment } from './domain/environment.ts'
import { KINDS } from './domain/identity.ts'
import { placeText, type Seen, type Sighting, STANDINGS } from './domain/sighting.ts'
import { line } from './texts.ts'

const TEXT_MAX = 4096

const text = (field: string) => line(field, TEXT_MAX)
// What a file says may be nothing.
const mayBeEmpty = z.string().max(TEXT_MAX)

const guess = z.strictObject({ value: text('value'), because: text('because') }).nullable()

const place = z.strictObject({
  path: text('path'),
  line: z.number().int().min(1).max(1_000_000_000),
  repository: mayBeEmpty.default(''),
  inRepository: mayBeEmpty.default(''),
})

const trait = z.strictObject({
  trait: line('trait', 100),
  detail: mayBeEmpty,
  where: place,
  credential: z
    .strictObject({
      type: line('type', 40),
      provider: line('provider', 100),
      fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
      tail: z.string().max(40),
    })
    .optional(),
  confidence: z.enum(['high', 'medium', 'low']).optional(),
  severity: z.enum(['critical', 'high', 'medium', 'low']).optional(),
})

const stableKey = (field: string) => line(field, 500)

/** A sighting as a scan prints it. */
export const SightingInput = z.strictObject({
  source: line('source', 100),
  kind: z.enum(KINDS),
  name: text('name'),
  stableKey: stableKey('stableKey'),
  repository: mayBeEmpty.default(''),
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
  traits: z.array(trait).max(5000).default([]),
  keys: z.array(stableKey('key')).max(50).default([]),
  standing: z.enum(STANDINGS).optional(),
  creator: text('creator').optional(),
})
export type SightingInput = z.infer<typeof SightingInput>

const KEPT_MAX = 50
const TRAITS_MAX = 100
const NAME_MAX = 300

/** What the register keeps of a sighting: the first of its places, reaches, traits and pieces of evidence. */
export const keptOf = (input: SightingInput, saltId: string): Seen => ({
  source: input.source,
  kind: input.kind,
  name: input.name.slice(0, NAME_MAX),
  repository: input.repository,
  environment: input.environment === null ? null : normalEnvironment(input.environment.value.slice(0, 40)),
  ownerHint: input.ownerHint,
  places: [input.where, ...input.alsoAt].slice(0, KEPT_MAX),
  reaches: input.reaches.slice(0, KEPT_MAX),
  evidence: input.evidence.slice(0, KEPT_MAX),
  traits: input.traits
    .slice(0, TRAITS_MAX)
    .map(({ credential, ...rest }) =>
      credential === undefined ? rest : { ...rest, credential: { ...credential, saltId } },
    ),
  keys: [...new Set(input.keys)].filter((key) => key !== input.stableKey),
  creator: input.creator ?? null,
})

/** A sighting as callers see it. */
export const SightingView = z.object({
  id: z.string(),
  source: z.string(),
  kind: z.enum(KINDS),
  name: z.string(),
  stableKey: z.string(),
  keys: z.array(z.string()).describe('other stable keys of the same identity, as the source knows them'),
  state: z.enum(['unmanaged', 'managed']),
  identity: z.string().nullable(),
  repository: z.string(),
  environment: z.string().nullable(),
  owner: z.object({ value: z.string(), because: z.string() }).nullable().describe('a guess with its reason'),
  creator: z.string().nullable(),
  places: z.array(z.string()),
  reaches: z.array(z.object({ what: z.string(), access: z.string(), because: z.string() })),
  evidence: z.array(z.string()),
  isDeclared: z.boolean().describe('a source that says what is to be there has it'),
  isLive: z.boolean().describe('a source that says what is there has it'),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  goneAt: z.string().nullable().describe('when the last scan that used to see it no longer did'),
})

/** What callers see of a sighting. */
export const sightingViewOf = (sighting: Sighting): z.infer<typeof SightingView> => ({
  id: sighting.id,
  source: sighting.source,
  kind: sighting.kind,
  name: sighting.name,
  stableKey: sighting.stableKey,
  keys: [...sighting.keys],
  state: sighting.state,
  identity: sighting.identityId,
  repository: sighting.repository,
  environment: sighting.environment,
  owner: sighting.ownerHint,
  creator: sighting.creator,
  places: sighting.places.map(placeText),
  reaches: [...sighting.reaches],
  evidence: [...sighting.evidence],
  isDeclared: sighting.isDeclared,
  isLive: sighting.isLive,
  firstSeenAt: sighting.firstSeenAt.toISOString(),
  lastSeenAt: sighting.lastSeenAt.toISOString(),
  goneAt: sighting.goneAt?.toISOString() ?? null,
})
