import type { KeyRing } from './memory/key-ring.ts'
import { isSigned, signText } from './signature.ts'

const TEXT = 'signed before anybody is told to ask here'

/**
 * Signs once and checks that with what verifiers are shown; throws where they would refuse every token of this server. The
 * two halves of a key are stored apart, and a restored database may hold halves of two.
 */
export const proveKeys = async (ring: KeyRing): Promise<void> => {
  const { id, bound } = await ring.active('ES256')
  const shown = ring.published(id)
  if (shown === undefined || !isSigned(shown, TEXT, await signText(bound, TEXT)))
    throw new Error(`what the signing key ${id} signs does not verify with its public part; restore the database`)
}
