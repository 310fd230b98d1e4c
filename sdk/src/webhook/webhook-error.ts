/** Why a webhook was refused: stable, and the only words a program should look at. */
export type WebhookCode = keyof typeof refusals

/** A refused webhook, with what HTTP should answer. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError'
  readonly code: WebhookCode
  /** The HTTP status: 400 where nothing could be read, 401 where what was read is not believed, 503 where nobody can say now. */
  readonly status: 400 | 401 | 503

  constructor(code: WebhookCode) {
    const { status, sentence } = refusals[code]
    super(sentence)
    this.code = code
    this.status = status
  }
}

const refusals = {
  signature_missing: { status: 401, sentence: 'the webhook is not signed, or a header of its signature is missing' },
  signature_malformed: { status: 400, sentence: 'the signature of the webhook cannot be read' },
  timestamp_malformed: { status: 400, sentence: 'the time of the webhook cannot be read' },
  too_old: { status: 401, sentence: 'the webhook was signed too long ago, or in the future' },
  bad_signature: { status: 401, sentence: 'the signature of the webhook is wrong' },
  sender_stopped: { status: 401, sentence: 'who signed the webhook was stopped' },
  senders_unknown: { status: 503, sentence: 'it cannot be told now who may sign webhooks, or who was stopped' },
} as const

/** Every code a webhook can be refused with. */
export const webhookCodes: readonly string[] = Object.keys(refusals)
