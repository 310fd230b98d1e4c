import type { createSignDocument } from '../sign-document.ts'
import type { DueSet } from './walk-stream.ts'

/** Makes what signs SETs (RFC 8417 §2.3: a type of their own). CAEP Interoperability Profile 1.0 §2.6: RS256. */
export const createSignSet =
  (signDocument: ReturnType<typeof createSignDocument>) =>
  ({ claims }: Pick<DueSet, 'claims'>): Promise<string> =>
    signDocument(claims, 'secevent+jwt', 'RS256')
