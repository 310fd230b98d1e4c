import { WebhookError } from './webhook-error.ts'

/** How a sender signs. */
export type WebhookForm = keyof typeof webhookForms

/** What a sender's headers say, before any of it is believed. */
export interface ReadSignature {
  /** What was signed, but for the body that follows it. */
  readonly before: string
  /** Seconds since 1970; undefined where the sender signs no time. */
  readonly atSeconds: number | undefined
  /** The sender's own name of this message, where it is signed. */
  readonly id: string | undefined
  readonly signatures: readonly Signature[]
}

/** One signature of perhaps several, as while a sender's secret is rotated. */
export interface Signature {
  readonly by: 'hmac' | 'ed25519'
  readonly bytes: Uint8Array<ArrayBuffer>
}

type Header = (name: string) => string | undefined

// More than any sender needs while it rotates, and few enough that checking them costs nothing.
const SIGNATURES_MAX = 8

const standard = (header: Header): ReadSignature => {
  const [id, at, signed] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => present(header(name)))
  const known = parts(signed, ' ').flatMap((part): Signature[] => {
    const [version, value = ''] = split(part, ',')
    const by = STANDARD_VERSIONS.get(version)
    return by === undefined ? [] : [{ by, bytes: fromBase64(value) }]
  })
  // A dot in the id would let one id and time be read as another.
  if (id === undefined || id.includes('.')) throw new WebhookError('signature_malformed')
  return { before: `${id}.${at}.`, atSeconds: seconds(at), id, signatures: some(known) }
}

// Versions that are not known are left out, so that a sender may begin with another one (Standard Webhooks, signature scheme).
const STANDARD_VERSIONS: ReadonlyMap<string, Signature['by']> = new Map([
  ['v1', 'hmac'],
  ['v1a', 'ed25519'],
])

const github = (header: Header): ReadSignature => {
  const [name, value = ''] = split(present(header('x-hub-signature-256')), '=')
  // The older header's SHA-1 is never taken in its place.
  if (name !== 'sha256') throw new WebhookError('signature_malformed')
  return { before: '', atSeconds: undefined, id: undefined, signatures: [{ by: 'hmac', bytes: fromHex(value) }] }
}

const slack = (header: Header): ReadSignature => {
  const at = present(header('x-slack-request-timestamp'))
  const [version, value = ''] = split(present(header('x-slack-signature')), '=')
  if (version !== 'v0') throw new WebhookError('signature_malformed')
  return {
    before: `v0:${at}:`,
    atSeconds: seconds(at),
    id: undefined,
    signatures: [{ by: 'hmac', bytes: fromHex(value) }],
  }
}

const stripe = (header: Header): ReadSignature => {
  const fields = parts(present(header('stripe-signature')), ',').map((part) => split(part.trim(), '='))
  const times = fields.filter(([name]) => name === 't').map(([, value = '']) => value)
  const [at = ''] = times
  // Two times would leave open which of them was signed.
  if (times.length !== 1) throw new WebhookError('timestamp_malformed')
  const known = fields.filter(([name]) => name === 'v1').map(([, value = '']) => value)
  const signatures = known.map((value): Signature => ({ by: 'hmac', bytes: fromHex(value) }))
  return { before: `${at}.`, atSeconds: seconds(at), id: undefined, signatures: some(signatures) }
}

/** Each form by its name: what its headers say. Throws what is wrong with them. */
export const webhookForms = { standard, github, slack, stripe } as const satisfies Record<
  string,
  (header: Header) => ReadSignature
>

const present = (value: string | undefined): string => {
  if (value === undefined || value === '') throw new WebhookError('signature_missing')
  return value
}

const parts = (text: string | undefined, by: string): readonly string[] => {
  const found = (text ?? '').split(by)
  if (found.length > SIGNATURES_MAX) throw new WebhookError('signature_malformed')
  return found
}

/** The text before the first of these characters, and what is behind it. */
const split = (text: string, by: string): readonly [string, string?] => {
  const at = text.indexOf(by)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

const some = (signatures: readonly Signature[]): readonly Signature[] => {
  if (signatures.length === 0) throw new WebhookError('signature_missing')
  return signatures
}

const seconds = (text: string | undefined): number => {
  if (text === undefined || !/^[0-9]{1,12}$/.test(text)) throw new WebhookError('timestamp_malformed')
  return Number(text)
}

const fromHex = (text: string): Uint8Array<ArrayBuffer> => {
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(text)) throw new WebhookError('signature_malformed')
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  if (!/^[A-Za-z0-9+/]{22,172}={0,2}$/.test(text)) throw new WebhookError('signature_malformed')
  try {
    return base64Bytes(text)
  } catch {
    throw new WebhookError('signature_malformed')
  }
}

/** The bytes of base64, padded or not. Throws where it is none, or not the only way to write these bytes. */
export const base64Bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const read = atob(text)
  if (btoa(read).replaceAll('=', '') !== text.replaceAll('=', ''))
    throw new TypeError('there is another way to write it')
  return Uint8Array.from(read, (character) => character.charCodeAt(0))
}
