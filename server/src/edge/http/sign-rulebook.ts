import type { HandedOut } from '../../policy/index.ts'
import type { AuthzenParts } from './authzen.ts'

const LIFE_MS = 3_600_000

/** Signs a rulebook for the one identity that it was handed to; its type is its own, so it passes for nothing else. */
export const signRulebook = (
  { issuer, signDocument }: Pick<AuthzenParts, 'issuer' | 'signDocument'>,
  { book, identity, owner, at }: HandedOut,
): Promise<string> => {
  const { untilMs, ...rules } = book
  const iat = at.getTime() / 1000
  const exp = Math.min(at.getTime() + LIFE_MS, untilMs) / 1000
  return signDocument({ iss: issuer(), aud: identity, iat, exp, owner, ...rules }, 'reeve-rulebook+jwt')
}
