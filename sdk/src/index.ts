export { expressGuard } from './adapters/express.ts'
export { fastifyGuard } from './adapters/fastify.ts'
export { honoGuard } from './adapters/hono.ts'
export { httpGuard } from './adapters/http.ts'
export type { Fetch } from './bounded-fetch.ts'
export { type Clock, systemClock } from './clock.ts'
export { type Feed, type FeedOptions, followFeed, pollFeed } from './feed/feed.ts'
export { shareFeed } from './feed/shared-feed.ts'
export type { View } from './feed/view.ts'
export { type Random, systemRandom } from './random.ts'
export type { TokenGiver } from './report/issuer-call.ts'
export { createMemoryBuffer, type ReportBatch, type ReportBuffer } from './report/report-buffer.ts'
export { isReservedClaim } from './reserved-claims.ts'
export {
  revocationTarget,
  revocationTargets,
  type ScopedTarget,
  type Stoppable,
  stoppableNames,
  tenureOf,
} from './revocation-target.ts'
export {
  createSetVerifier,
  type SecurityEvent,
  SetError,
  type SetErrorCode,
  type SetVerifier,
  type SetVerifierOptions,
} from './signals/set-verifier.ts'
export type { AwsKeys } from './token/aws-caller.ts'
export type { BoundKeyState, BoundKeyStore, HeldBoundKey } from './token/bound-key.ts'
export type { ClientAuth } from './token/client-auth.ts'
export { type MtlsOptions, mtlsFetch } from './token/mtls-fetch.ts'
export type { ExchangeOptions } from './token/request-token.ts'
export { TokenError, type TokenErrorCode } from './token/token-error.ts'
export type { FollowedToken, TokenFollower } from './token/token-holder.ts'
export {
  createTokenSource,
  type TokenSource,
  type TokenSourceOptions,
  type TokenSourceStatus,
} from './token/token-source.ts'
export type { ApiKeyOptions } from './verifier/api-keys.ts'
export type { Presented, RequestLike } from './verifier/bearer.ts'
export type { MtlsOptions as MtlsVerifierOptions } from './verifier/check-certificate.ts'
export type { DpopOptions } from './verifier/check-sender.ts'
export { actorsOf } from './verifier/delegation.ts'
export type { RequiredDetail } from './verifier/details.ts'
export type { IntrospectOptions } from './verifier/introspect.ts'
export { type ResourceMetadata, type ResourceMetadataOptions, resourceMetadata } from './verifier/resource-metadata.ts'
export type { VerifiedToken } from './verifier/verified-token.ts'
export { createVerifier, type Use, type Verifier, type VerifierStatus } from './verifier/verifier.ts'
export type { VerifierOptions } from './verifier/verifier-options.ts'
export { type VerifyCode, VerifyError, verifyCodes } from './verify-error.ts'
export * from './wire.ts'
