import type { ClientAuth } from '@reeve/sdk'
import { readSecret } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'

/** The key that is bound to this machine, with its state in this file; the secret is asked for while it joins. */
export const boundKeyProof = async (
  around: Surroundings,
  file: string,
  secretFile: string | undefined,
): Promise<ClientAuth> => {
  const { createBoundKeyFile } = await import('@reeve/sdk/bound-key')
  const boundKey = createBoundKeyFile(file)
  return secretFile === undefined ? { boundKey } : { boundKey, join: () => readSecret(around, secretFile) }
}
