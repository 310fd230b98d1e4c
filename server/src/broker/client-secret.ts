import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Random } from '../kit/random.ts'

/** A new client secret: 256 random bits, with a prefix and a checksum by which any scanner knows a leaked one. */
export const makeClientSecret = (environment: string, random: Random): string => make('cs', environment, random)

/** A new API key, of the same form under a prefix of its own. */
export const makeApiKey = (environment: string, random: Random): string => make('ak', environment, random)

/** A new secret of the same form by which one machine joins, once. */
export const makeJoinSecret = (environment: string, random: Random): string => make('jn', environment, random)

/** A new secret that signs webhooks: 256 random bits, as Standard Webhooks writes them. */
export const makeWebhookSecret = (random: Random): string => `whsec_${random.bytes(SECRET_BYTES).toString('base64')}`

const make = (type: 'cs' | 'ak' | 'jn', environment: string, random: Random): string => {
  const body = toBase62(BigInt(`0x${random.bytes(SECRET_BYTES).toString('hex')}`), BODY_CHARACTERS)
  const head = `reeve_${type}_${environmentLabel(environment)}_${body}`
  return head + checksumOf(head)
}

/** Whether this could be a client secret or an API key of ours at all; guesses end here, before any database is asked. */
export const hasSecretForm = (secret: string): boolean => isWhole(FORM, secret)

const isWhole = (form: RegExp, secret: string): boolean =>
  form.test(secret) && checksumOf(secret.slice(0, -CHECKSUM_CHARACTERS)) === secret.slice(-CHECKSUM_CHARACTERS)

/** Whether this could be an API key of ours. */
export const isApiKey = (text: string): boolean => beginsAsApiKey(text) && hasSecretForm(text)

/** Whether this is to be looked at as an API key at all; it may still not be whole. */
export const beginsAsApiKey = (text: string): boolean =>
  text.length <= SECRET_CHARACTERS_MAX && text.startsWith('reeve_ak_')

/** Whether a machine could join with this. */
export const hasJoinForm = (secret: string): boolean => isWhole(JOIN_FORM, secret)

/** What is stored of it: with 256 random bits, one SHA-256 is as good as a slow hash. */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url')

const SECRET_BYTES = 32
const BODY_CHARACTERS = 43
const CHECKSUM_CHARACTERS = 6
const SECRET_CHARACTERS_MAX = 100
const FORM = /^reeve_(?:cs|ak)_[a-z0-9-]{1,32}_[0-9A-Za-z]{49}$/
const JOIN_FORM = /^reeve_jn_[a-z0-9-]{1,32}_[0-9A-Za-z]{49}$/
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62n

// For the eye and for scanners only; the environment that counts is the identity's.
const environmentLabel = (environment: string): string =>
  environment
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 32)

// 32 bits are a plain number, which is quicker than a BigInt: each secret that is shown is looked at.
const checksumOf = (head: string): string => {
  let text = ''
  for (let rest = crc32(head); text.length < CHECKSUM_CHARACTERS; rest = Math.floor(rest / DIGITS.length))
    text = DIGITS.charAt(rest % DIGITS.length) + text
  return text
}

const toBase62 = (value: bigint, characters: number): string => {
  let text = ''
  for (let rest = value; text.length < characters; rest /= BASE) text = DIGITS[Number(rest % BASE)] + text
  return text
}
