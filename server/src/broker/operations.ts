import type { Unplugged } from '../kit/operation.ts'
import { addCredential } from './operations/add-credential.ts'
import { addTrust } from './operations/add-trust.ts'
import { advanceKeys } from './operations/advance-keys.ts'
import { advanceRotation } from './operations/advance-rotation.ts'
import { advanceSeal } from './operations/advance-seal.ts'
import { changeStream } from './operations/change-stream.ts'
import { confirmVerifier } from './operations/confirm-verifier.ts'
import { createStream } from './operations/create-stream.ts'
import { deleteStream } from './operations/delete-stream.ts'
import { excludeSubject, includeSubject } from './operations/exclude-subject.ts'
import { inspectToken } from './operations/inspect-token.ts'
import { lintTrust } from './operations/lint-trust.ts'
import { listCredentials } from './operations/list-credentials.ts'
import { listInstances } from './operations/list-instances.ts'
import { listKeys } from './operations/list-keys.ts'
import { listStreams } from './operations/list-streams.ts'
import { listTrusts } from './operations/list-trusts.ts'
import { pollStream } from './operations/poll-stream.ts'
import { quarantineCredential } from './operations/quarantine-credential.ts'
import { quarantineInstance } from './operations/quarantine-instance.ts'
import { quarantineIssuer } from './operations/quarantine-issuer.ts'
import { quarantineToken } from './operations/quarantine-token.ts'
import { releaseCredential } from './operations/release-credential.ts'
import { releaseInstance } from './operations/release-instance.ts'
import { releaseIssuer } from './operations/release-issuer.ts'
import { releaseToken } from './operations/release-token.ts'
import { revokeCredential } from './operations/revoke-credential.ts'
import { revokeToken } from './operations/revoke-token.ts'
import { rollbackCredential } from './operations/rollback-credential.ts'
import { rotateCredential } from './operations/rotate-credential.ts'
import { rotateKey } from './operations/rotate-key.ts'
import { rotateSeal } from './operations/rotate-seal.ts'
import { showCredential } from './operations/show-credential.ts'
import { showSeal } from './operations/show-seal.ts'
import { showStream } from './operations/show-stream.ts'
import { takeWebhook } from './operations/take-webhook.ts'
import { testTrust } from './operations/test-trust.ts'
import { verifyStream } from './operations/verify-stream.ts'
import type { BrokerPorts } from './room.ts'

/** Every operation of the broker. */
export const brokerOperations: readonly Unplugged<BrokerPorts>[] = [
  addCredential,
  listCredentials,
  showCredential,
  quarantineCredential,
  releaseCredential,
  revokeCredential,
  rotateCredential,
  rollbackCredential,
  advanceRotation,
  addTrust,
  listTrusts,
  lintTrust,
  testTrust,
  listInstances,
  quarantineInstance,
  releaseInstance,
  quarantineIssuer,
  releaseIssuer,
  listKeys,
  rotateKey,
  advanceKeys,
  showSeal,
  rotateSeal,
  advanceSeal,
  inspectToken,
  quarantineToken,
  releaseToken,
  revokeToken,
  confirmVerifier,
  takeWebhook,
  createStream,
  listStreams,
  showStream,
  changeStream,
  deleteStream,
  verifyStream,
  includeSubject,
  excludeSubject,
  pollStream,
]
