import { z } from 'zod'
import type { Alias } from './store-alias.ts'
import { line } from './texts.ts'

/** A stable key, as somebody writes it. */
export const keyField = line('key', 500).describe(
  'as scans name it: aws:arn:…, gcp:EMAIL, key:THUMBPRINT, client:ID, jwt:ISSUER#SUBJECT, kubernetes:…',
)

/** An alias as callers see it. */
export const AliasView = z.object({
  id: z.string(),
  key: z.string(),
  identity: z.string(),
  sighting: z.string().nullable().describe('the sighting by which it became one'),
  because: z.string(),
  since: z.string(),
  by: z.string().nullable(),
  ended: z.object({ at: z.string(), by: z.string().nullable(), because: z.string() }).nullable(),
})

/** What callers see of an alias. */
export const aliasViewOf = (alias: Alias): z.infer<typeof AliasView> => ({
  id: alias.id,
  key: alias.key,
  identity: alias.identityId,
  sighting: alias.sightingId,
  because: alias.because,
  since: alias.since.toISOString(),
  by: alias.sinceBy,
  ended: alias.ended === null ? null : { ...alias.ended, at: alias.ended.at.toISOString() },
})
