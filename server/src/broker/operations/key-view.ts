import { z } from 'zod'
import type { signingTimes } from '../domain/key-schedule.ts'
import type { StoredKey } from '../store-key.ts'
import type { verifiersLacking } from '../store-verifier.ts'

/** The algorithms that tokens are signed with. */
export const KeyAlgorithm = z.enum(['ES256', 'EdDSA', 'RS256', 'PS256'])

/** So many who lack a key are named. */
export const LACKING_MAX = 100

/** A signing key as callers see it: never its private part. */
export const KeyView = z.object({
  id: z.string(),
  algorithm: KeyAlgorithm,
  state: z.enum(['prepared', 'published', 'active', 'retiring', 'retired']),
  preparedAt: z.string(),
  publishedAt: z.string().nullable(),
  activatedAt: z.string().nullable(),
  retiringAt: z.string().nullable(),
  retiredAt: z.string().nullable(),
  reason: z.string(),
  next: z
    .object({
      signsFrom: z.string().describe('when it signs, if every verifier that was heard of within a week has it by then'),
      signsBy: z.string().describe('when it signs in any case'),
      lackedBy: z
        .array(
          z.object({
            name: z.string(),
            instance: z.string().nullable(),
            lastHeardAt: z.string(),
            tellsKeys: z.boolean().describe('false: it confirms stops and says nothing of keys, as older verifiers do'),
          }),
        )
        .max(LACKING_MAX)
        .describe(`verifiers that have not confirmed it, the one heard of last first; at most ${LACKING_MAX}`),
    })
    .nullable()
    .describe('of a key that is shown to verifiers and does not sign yet'),
})

/** What is told beside a key that is shown and does not sign yet. */
export interface NextKey {
  readonly times: ReturnType<typeof signingTimes>
  readonly lackedBy: Awaited<ReturnType<typeof verifiersLacking>>
}

/** A stored key as callers see it. */
export const viewKey = (key: StoredKey, next?: NextKey): z.infer<typeof KeyView> => ({
  id: key.id,
  algorithm: key.algorithm,
  state: key.state,
  preparedAt: new Date(key.preparedAt).toISOString(),
  publishedAt: timeOf(key.publishedAt),
  activatedAt: timeOf(key.activatedAt),
  retiringAt: timeOf(key.retiringAt),
  retiredAt: timeOf(key.retiredAt),
  reason: key.reason,
  next:
    next === undefined
      ? null
      : {
          signsFrom: new Date(next.times.fromMs).toISOString(),
          signsBy: new Date(next.times.byMs).toISOString(),
          lackedBy: next.lackedBy.map(({ name, instance, at, tellsKeys }) => ({
            ...{ name, tellsKeys },
            instance: instance === '' ? null : instance,
            lastHeardAt: new Date(at).toISOString(),
          })),
        },
})

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
