import { createHmac } from 'node:crypto'

/**
 * The headers of a webhook (Standard Webhooks 1.0, symmetric signatures): one signature for each secret, so that its
 * receiver can change from one to the next. `id` is the same whenever the same one is sent again.
 */
export const webhookHeaders = (
  id: string,
  body: string,
  { secrets, now }: { readonly secrets: readonly Buffer[]; readonly now: Date },
): Readonly<Record<string, string>> => {
  const time = String(Math.floor(now.getTime() / 1000))
  const signatures = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64'),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
  }
}
