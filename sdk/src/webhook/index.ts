export type { WebhookForm } from './forms.ts'
export { type WebhookCode, WebhookError, webhookCodes } from './webhook-error.ts'
export {
  createWebhookVerifier,
  type VerifiedWebhook,
  type WebhookRequest,
  type WebhookVerifier,
  type WebhookVerifierOptions,
} from './webhook-verifier.ts'
