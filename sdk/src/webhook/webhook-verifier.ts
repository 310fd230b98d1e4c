import { type Clock, systemClock } from '../clock.ts'
import { type Signature, type WebhookForm, webhookForms } from './forms.ts'
import { WebhookError } from './webhook-error.ts'
import { importKeys, type WebhookKey } from './webhook-keys.ts'
import type { HeldSecrets, WebhookSender, WebhookSenders } from './webhook-senders.ts'

/** What a webhook verifier needs to know. */
export interface WebhookVerifierOptions {
  /** How the sender signs: by Standard Webhooks, or as GitHub, Slack or Stripe do. */
  readonly form: WebhookForm
  /**
   * The secrets that the sender may sign with, in its own writing; the old one beside the new one while it is rotated.
   * With `standard`, `whsec_…` or the public key `whpk_…`; or whoever Reeve knows (`createWebhookSenders`).
   */
  readonly secrets: readonly string[] | WebhookSenders
  /** How far the signed time may be from now; five minutes without it. GitHub signs none. */
  readonly toleranceSeconds?: number
  readonly clock?: Clock
}

/** A request as it came: the body's own bytes, before anybody parsed them. */
export interface WebhookRequest {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string | Uint8Array
  /** Who sent it, as far as you know: what tells Reeve from where a secret is used, so that a rotation can end. */
  readonly ip?: string
}

/** A webhook that the sender signed. */
export interface VerifiedWebhook {
  /** Which of the secrets it was signed with, counted from 0: when the last sender has moved, the old one can go. */
  readonly secret: number
  /** Who signed it; undefined where the secrets were given as texts. */
  readonly sender: WebhookSender | undefined
  /**
   * The same whenever this very webhook comes again, whoever sends it: keep it with what came of it, and do nothing twice.
   * The sender's id where that is signed, after the identity and a slash where several may sign, so that none of them uses
   * up what another one calls its own; else a digest of what was signed, whichever of its signatures are there. Where
   * a sender signs a new time at each try (Slack, Stripe), the id in the body tells that it is the same event.
   */
  readonly id: string
  /** When it was signed; undefined where the sender does not say. */
  readonly at: Date | undefined
  /** The body, which is what was signed. */
  readonly text: string
}

/** Checks that webhooks are from their sender. */
export interface WebhookVerifier {
  /** Throws a WebhookError where it is not believed. */
  verify(request: WebhookRequest): Promise<VerifiedWebhook>
}

const TOLERANCE_SECONDS = 300

/**
 * Verifies what one sender signs.
 *
 * @example
 * const webhooks = createWebhookVerifier({ form: 'github', secrets: [secret] })
 * const { id, text } = await webhooks.verify({ headers: request.headers, body: rawBody })
 */
export const createWebhookVerifier = ({
  form,
  secrets,
  toleranceSeconds = TOLERANCE_SECONDS,
  clock = systemClock,
}: WebhookVerifierOptions): WebhookVerifier => {
  if (!Object.hasOwn(webhookForms, form)) throw new TypeError(`form is one of ${Object.keys(webhookForms).join(', ')}`)
  const known = isList(secrets) ? fixed(secrets) : secrets
  if (!isList(secrets) && form !== 'standard') throw new TypeError('who Reeve knows signs by Standard Webhooks')
  if (!(toleranceSeconds > 0)) throw new TypeError('toleranceSeconds is a number above 0')
  const read = webhookForms[form]
  const keysOf = createKeys(form)
  // A wrong secret is told to whoever verifies.
  if (isList(secrets)) keysOf(secrets).catch(() => {})

  return {
    verify: async ({ headers, body, ip }) => {
      const held = await known.held()
      await keysOf(held.secrets)
      const { before, atSeconds, id, signatures } = read((name) => headerOf(headers, name))
      const own = encoder.encode(before)
      const signed = joined(own, bytesOf(body))
      const match = async (by: HeldSecrets) => {
        const at = await signedBy(await keysOf(by.secrets), signatures, signed)
        return at === undefined ? undefined : { at, sender: by.senders?.[at] }
      }
      // It may be signed by a secret that is newer than what was asked for last.
      const found = (await match(held)) ?? (await orNewer(known, held, match))
      if (found === undefined) throw new WebhookError('bad_signature')
      // Judged after the signature: what a stranger says of the time is nobody's.
      if (atSeconds !== undefined && Math.abs(clock.nowMs() / 1000 - atSeconds) > toleranceSeconds)
        throw new WebhookError('too_old')
      if (found.sender !== undefined) known.believed(found.sender, ip)
      return {
        secret: found.at,
        sender: found.sender,
        id: nameOf(id, found.sender) ?? hexOf(await crypto.subtle.digest('SHA-256', signed)),
        at: atSeconds === undefined ? undefined : new Date(atSeconds * 1000),
        // From what was verified: the bytes that were handed in may be used for something else by now, and a text may hold
        // what no bytes stand for.
        text: decoder.decode(signed.subarray(own.length)),
      }
    },
  }
}

interface Known {
  held(): Promise<HeldSecrets>
  newer(than: HeldSecrets): Promise<HeldSecrets | undefined>
  believed(sender: WebhookSender, ip: string | undefined): void
}

const isList = (secrets: readonly string[] | WebhookSenders): secrets is readonly string[] => Array.isArray(secrets)

const fixed = (secrets: readonly string[]): Known => {
  if (secrets.length === 0) throw new TypeError('secrets is empty: nothing could be believed')
  const held = { secrets, senders: undefined }
  return { held: async () => held, newer: async () => undefined, believed: () => {} }
}

const orNewer = async <T>(known: Known, held: HeldSecrets, match: (by: HeldSecrets) => Promise<T | undefined>) => {
  const newer = await known.newer(held)
  return newer === undefined ? undefined : match(newer)
}

/** The keys of a list of secrets, made once for as long as somebody holds the list. */
const createKeys = (form: WebhookForm) => {
  const made = new WeakMap<readonly string[], Promise<readonly WebhookKey[]>>()
  return (secrets: readonly string[]): Promise<readonly WebhookKey[]> => {
    const keys = made.get(secrets) ?? importKeys(form, secrets)
    made.set(secrets, keys)
    return keys
  }
}

const nameOf = (id: string | undefined, sender: WebhookSender | undefined): string | undefined =>
  id === undefined || sender === undefined ? id : `${sender.identity}/${id}`

/** The place of the first key that made one of these signatures; each only in its own way of signing. */
const signedBy = async (
  keys: readonly WebhookKey[],
  signatures: readonly Signature[],
  signed: Uint8Array<ArrayBuffer>,
): Promise<number | undefined> => {
  for (const [at, { by, key }] of keys.entries())
    for (const signature of signatures)
      if (signature.by === by && (await crypto.subtle.verify(NAMES[by], key, signature.bytes, signed))) return at
  return undefined
}

const bytesOf = (body: string | Uint8Array): Uint8Array => {
  if (typeof body === 'string') return encoder.encode(body)
  // From JavaScript, what a framework made of it may come.
  if (!(body instanceof Uint8Array)) throw new TypeError('body is the text or the bytes as they came, not yet parsed')
  return body
}

const joined = (one: Uint8Array, two: Uint8Array): Uint8Array<ArrayBuffer> => {
  const both = new Uint8Array(one.length + two.length)
  both.set(one)
  both.set(two, one.length)
  return both
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const NAMES = { hmac: 'HMAC', ed25519: 'Ed25519' } as const

/** One value of a header; of one that came twice nobody says which was signed. */
const headerOf = (headers: WebhookRequest['headers'], name: string): string | undefined => {
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name)
  const values = found.flatMap(([, value]) => value ?? [])
  if (values.length > 1) throw new WebhookError('signature_malformed')
  return values[0]
}

const hexOf = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
