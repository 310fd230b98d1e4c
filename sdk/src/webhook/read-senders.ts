import { isJsonObject, parseStrictObject } from '../strict-json.ts'
import { WebhookError } from './webhook-error.ts'
import type { WebhookSender } from './webhook-senders.ts'

/** What Reeve says of senders, each at the place of its secret. */
export interface ReadSenders {
  readonly secrets: readonly string[]
  readonly senders: readonly WebhookSender[]
  /** Milliseconds since 1970. */
  readonly endsAtMs: readonly number[]
}

/** Reads it; one wrong entry refuses the whole, as whoever it stood for is then unknown. */
export const readSenders = (text: string): ReadSenders => {
  const told = parseStrictObject(text)?.secrets
  if (!Array.isArray(told)) throw malformed()
  const read = told.map(readOne)
  return {
    secrets: read.map(({ secret }) => secret),
    senders: read.map(({ sender }) => sender),
    endsAtMs: read.map(({ endsAtMs }) => endsAtMs),
  }
}

const readOne = (value: unknown) => {
  if (!isJsonObject(value)) throw malformed()
  const { actions, expiresAt } = value
  const [identity, name, owner, credential, secret] = ['identity', 'name', 'owner', 'credential', 'secret'].map((key) =>
    textOf(value[key]),
  )
  const endsAtMs = Date.parse(textOf(expiresAt) ?? '')
  const isWhole = identity && name && owner && credential && secret && Array.isArray(actions) && !Number.isNaN(endsAtMs)
  if (!isWhole) throw malformed()
  const sender = { identity, name, owner, credential, actions: actions.filter((action) => typeof action === 'string') }
  return { secret, sender, endsAtMs }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const malformed = () => new WebhookError('senders_unknown')
