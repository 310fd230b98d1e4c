import type { Confidence } from '../../report.ts'
import type { Detector } from './detector.ts'
import { mayBeToken, type TokenForm, token } from './find.ts'

/** One row of a vendor's table: a token that its own form gives away. */
export type TokenRow = TokenForm &
  Pick<Detector, 'id' | 'title' | 'provider' | 'severity' | 'keywords'> &
  Partial<Pick<Detector, 'kind' | 'type' | 'reaches'>>

/** Makes a detector of a row; a key of a vendor's account that reaches what its scopes say, unless the row says else. */
export const tokenDetector = (row: TokenRow): Detector => ({
  id: row.id,
  title: row.title,
  provider: row.provider,
  kind: row.kind ?? 'integration',
  type: row.type ?? 'api-key',
  severity: row.severity,
  keywords: row.keywords,
  mayBegin: mayBeToken(row),
  find: token(row),
  reaches: row.reaches ?? `${row.provider}, within the key's scopes`,
})

/** For forms with no checksum and a weak prefix: not words, not numbers, and then only so sure. */
export const mixed = (found: string): Confidence | false =>
  /\d/.test(found) && /[a-z]/.test(found) && /[A-Z]/.test(found) ? 'medium' : false
