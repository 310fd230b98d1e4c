// RFC 8628 §6.1: no vowels, so that no word comes of it, and nothing that is taken for a digit.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8

/** How many random bytes a code is made of: more than it needs, because those that would prefer a letter are left out. */
export const USER_CODE_BYTES = 64

/** The code that a person types: 8 of 20 letters, 34 bits, in two halves. */
export const userCode = (random: Uint8Array): string => {
  const fair = 256 - (256 % LETTERS.length)
  const letters = [...random].filter((byte) => byte < fair).map((byte) => LETTERS[byte % LETTERS.length])
  const code = letters.slice(0, LENGTH).join('')
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}

/** The same code however it was typed (RFC 8628 §6.1); undefined where it can be none. */
export const readUserCode = (typed: string): string | undefined => {
  const code = typed.toUpperCase().replace(/[^A-Z]/g, '')
  const isOne = code.length === LENGTH && [...code].every((letter) => LETTERS.includes(letter))
  return isOne ? `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}` : undefined
}
