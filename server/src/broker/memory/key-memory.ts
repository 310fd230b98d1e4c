import type { AnyDb } from '../../kit/database.ts'
import { isDatabaseGone } from '../../kit/database-gone.ts'
import { dropOldest } from '../../kit/drop-oldest.ts'
import { coreFault } from '../../kit/fault.ts'
import type { MaybeLater } from '../../kit/when-there.ts'
import { beginsAsApiKey, hashSecret, isApiKey } from '../client-secret.ts'
import { findKeyOwner, type KeyOwner } from '../store-credential.ts'

/** Whose an API key is, by what was shown of it. */
export interface KeyMemory {
  /** Undefined for what is no API key of ours. What has not its form is never looked up. */
  find(text: string): MaybeLater<KeyOwner | undefined>
}

const KEYS_MAX = 20_000

/**
 * An empty memory. INVARIANT: a digest names one credential of one identity for ever, so nothing here goes out of date;
 * whether the key may be used is asked of the memory of clients. What is unknown is not kept: nobody can fill this.
 */
export const createKeyMemory = (db: AnyDb, keysMax = KEYS_MAX): KeyMemory => {
  const owners = new Map<string, KeyOwner>()
  const load = async (digest: string): Promise<KeyOwner | undefined> => {
    const found = await findKeyOwner(db, digest).catch((error: unknown) => {
      throw isDatabaseGone(error) ? coreFault('unavailable', { retryAfterSeconds: 2, cause: error }) : error
    })
    if (found === undefined) return undefined
    dropOldest(owners, keysMax)
    owners.set(digest, found)
    return found
  }
  return {
    find: (text) => {
      if (!beginsAsApiKey(text)) return undefined
      const digest = hashSecret(text)
      // What has a digest that is known has the form as well: it was looked at when that was loaded.
      return owners.get(digest) ?? (isApiKey(text) ? load(digest) : undefined)
    },
  }
}
