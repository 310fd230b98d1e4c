import type { TokenAlgorithm } from '@reeve/sdk'
import type { KeyRing } from './memory/key-ring.ts'
import { signText } from './signature.ts'

/** Makes what signs claims that are no token: their types are others, so nobody takes the one for the other. */
export const createSignDocument =
  (ring: KeyRing) =>
  async (
    claims: Readonly<Record<string, unknown>>,
    type = 'JWT',
    algorithm: TokenAlgorithm = 'ES256',
  ): Promise<string> => {
    const { id, bound } = await ring.active(algorithm)
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const input = `${part({ alg: bound.algorithm, typ: type, kid: id })}.${part(claims)}`
    return `${input}.${(await signText(bound, input)).toString('base64url')}`
  }
