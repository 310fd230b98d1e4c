export type { WebhookForm } from './forms.ts'
export { type WebhookCode, WebhookError, webhookCodes } from './webhook-error.ts'
export {
  createWebhookSenders,
  type WebhookSender,
  type WebhookSenders,
  type WebhookSendersOptions,
} from './webhook-senders.ts'
export {
  createWebhookVerifier,
  type VerifiedWebhook,
  type WebhookRequest,
  type WebhookVerifier,
  type WebhookVerifierOptions,
} from './webhook-verifier.ts'
