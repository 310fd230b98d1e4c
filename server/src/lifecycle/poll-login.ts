import type { AnyTx, Database } from '../kit/database.ts'
import type { Fault } from '../kit/fault.ts'
import { isSecretText, secretHash } from './domain/secret-text.ts'
import { fault } from './faults.ts'
import { findLogin, notePoll, slowDown } from './store-login.ts'

// RFC 8628 §3.5.
const SLOWER_BY_SECONDS = 5
const INTERVAL_SECONDS_MAX = 60
// A question that was on its way a little longer than the next one is not too soon.
const SLACK_MS = 1000

/**
 * What a machine that waits is told while nobody has decided; undefined once it is worth asking for the session itself.
 * Of such questions no record is kept: a hundred of them come before one that changes anything.
 */
export const pollLogin = async (database: Database, deviceCode: string, now: Date): Promise<Fault | undefined> => {
  if (!isSecretText('lc', deviceCode)) return undefined
  const hash = secretHash(deviceCode)
  const login = await findLogin(database.reader, hash)
  if (login?.state !== 'pending' || login.expiresAt <= now) return undefined
  return database.write(async (tx: AnyTx) => {
    if (await notePoll(tx, hash, { now, slackMs: SLACK_MS })) return fault('login_pending')
    await slowDown(tx, hash, { seconds: SLOWER_BY_SECONDS, secondsMax: INTERVAL_SECONDS_MAX, now })
    return fault('login_asked_too_soon')
  })
}
