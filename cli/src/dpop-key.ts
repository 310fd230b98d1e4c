import { writeFileSync } from 'node:fs'
import { CommandError } from './exit-code.ts'
import { readInput } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'

/** The key in this file, a private JWK; one is made where there is no such file, for its user alone. */
export const dpopKey = async (around: Surroundings, file: string): Promise<CryptoKeyPair> => {
  const { exportJWK, generateKeyPair, importJWK } = await import('jose')
  const made = await generateKeyPair('ES256', { extractable: true })
  const text = `${JSON.stringify({ ...(await exportJWK(made.privateKey)), alg: 'ES256' })}\n`
  if (file !== '-' && isNew(file, text)) return made
  const jwk = await readInput(around, file)
  const { kty, crv, x, y, n, e, alg = 'ES256' } = jwk
  try {
    if (typeof jwk.d !== 'string' || typeof alg !== 'string') throw new TypeError('no private key')
    const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)
    const publicKey = await importJWK({ kty: String(kty), ...Object.fromEntries(members) }, alg)
    const privateKey = await importJWK({ kty: String(kty), ...jwk }, alg)
    if (publicKey instanceof Uint8Array || privateKey instanceof Uint8Array) throw new TypeError('a symmetric key')
    return { publicKey, privateKey }
  } catch (cause) {
    throw new CommandError(`${file} holds no private key as a JWK`, {
      next: 'name a file that is not there, and a key is made in it',
      cause,
    })
  }
}

const isNew = (file: string, text: string): boolean => {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
