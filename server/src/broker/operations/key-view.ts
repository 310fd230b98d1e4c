import { z } from 'zod'
import type { StoredKey } from '../store-key.ts'

/** The algorithms that tokens are signed with. */
export const KeyAlgorithm = z.enum(['ES256', 'EdDSA', 'RS256', 'PS256'])

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
})

/** A stored key as callers see it. */
export const viewKey = (key: StoredKey): z.infer<typeof KeyView> => ({
  id: key.id,
  algorithm: key.algorithm,
  state: key.state,
  preparedAt: new Date(key.preparedAt).toISOString(),
  publishedAt: timeOf(key.publishedAt),
  activatedAt: timeOf(key.activatedAt),
  retiringAt: timeOf(key.retiringAt),
  retiredAt: timeOf(key.retiredAt),
  reason: key.reason,
})

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
