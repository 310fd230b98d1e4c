import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import { endRotationOfRevoked } from './end-rotation.ts'
import { credentialsOf, moveCredential } from './store-credential.ts'
import { placeStop } from './store-stop.ts'

const CREDENTIALS_MAX = 10_000

/** Revokes every credential of an identity, with the tokens that they got. */
export const endCredentials = async (
  tx: AnyTx,
  given: {
    readonly identity: string
    readonly reason: string
    readonly by: string | null
    readonly now: Date
    readonly tokenSecondsMax: number
    newId(prefix: string): string
  },
): Promise<readonly Signal[]> => {
  const { identity, reason, by, now } = given
  const signals: Signal[] = [{ topic: 'identity', key: identity }]
  for (const credential of await credentialsOf(tx, identity, CREDENTIALS_MAX)) {
    if (credential.state === 'revoked') continue
    await moveCredential(tx, credential.id, credential.state, { state: 'revoked', by, reason, now })
    await endRotationOfRevoked(tx, credential.id, { by, now })
    // No token that it got lives longer than this; after that nothing has to be remembered.
    const until = new Date(now.getTime() + given.tokenSecondsMax * 1000)
    const id = given.newId('stp')
    const placed = await placeStop(tx, {
      id,
      scope: 'credential',
      subject: credential.id,
      verb: 'revoke',
      reason,
      by,
      now,
      until,
    })
    signals.push({ topic: 'credential', key: credential.id }, ...placed.signals)
  }
  return signals
}
