import { createHash } from 'node:crypto'
import { systemRandom } from './random.ts'
import { type Binding, decrypt, encrypt, KEY_BYTES } from './seal-box.ts'

/** A key-encryption key: it wraps the data keys, and may itself be in a device or with a cloud. */
export interface KeyWrapper {
  /** Tells such keys apart without telling anything of the key; it is kept beside what was wrapped. */
  readonly id: string
  /** Throws `KeyUnavailable`. */
  wrap(key: Uint8Array, at: Binding): Promise<string>
  /** Throws `WrongKey` when something else wrapped it, `KeyUnavailable` when nobody can say. */
  unwrap(wrapped: string, at: Binding): Promise<Buffer>
}

/** The key-encryption key is missing or is not the one that this database was made with. */
export class WrongKey extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongKey'
  }
}

/** The device or service that has the key-encryption key does not do what it is asked. */
export class KeyUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'KeyUnavailable'
  }
}

/** Where the key-encryption key comes from. */
export interface KekSource {
  /**
   * INVARIANT: asked after the database was read, not before. Whoever makes a database kept its key before the database
   * shows that it needs one; so a replica that started a moment too early for the key finds it all the same.
   */
  find(): Promise<KeyWrapper | undefined>
  /** Gives a new database its key and keeps it, or finds the one that was kept meanwhile; undefined where it may not. */
  make(): Promise<KeyWrapper | undefined>
  /** Those of before, which open what they wrapped and wrap nothing any more. */
  old(): Promise<readonly KeyWrapper[]>
}

/** A key of 32 bytes that this process holds itself. Throws `WrongKey` for one of another length. */
export const localWrapper = (kek: Uint8Array): KeyWrapper => {
  if (kek.length !== KEY_BYTES) throw new WrongKey(`the key-encryption key must be ${KEY_BYTES} bytes`)
  const random = systemRandom()
  return {
    id: `local:${createHash('sha256').update('reeve key-encryption key\0').update(kek).digest('base64url').slice(0, 16)}`,
    wrap: async (key, at) => encrypt(kek, key, at, random),
    unwrap: async (wrapped, at) => {
      try {
        return decrypt(kek, wrapped, at)
      } catch {
        throw new WrongKey(NOT_THIS_ONE)
      }
    },
  }
}

/** Keys that were given, for databases old and new: the one of now, and those of before. */
export const givenKek = (kek: Uint8Array | undefined, ...before: readonly Uint8Array[]): KekSource => ({
  find: async () => (kek === undefined ? undefined : localWrapper(kek)),
  make: async () => undefined,
  old: async () => before.map(localWrapper),
})

/** What to do about a key that opens nothing. */
export const NOT_THIS_ONE =
  'the key-encryption key is not the one that this database was made with, and nothing was written: start again with the right one (REEVE_KEK, REEVE_KEK_FILE, REEVE_KEK_URI or the file kek in the data folder)'
