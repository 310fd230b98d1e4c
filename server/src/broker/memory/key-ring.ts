import { hash } from 'node:crypto'
import type { TokenAlgorithm } from '@reeve/sdk'
import type { Handle } from '../../kit/database.ts'
import type { Sealer } from '../../kit/seal.ts'
import type { BrokerTables } from '../schema.ts'
import { type BoundKey, bindKey } from '../signature.ts'
import { openPublicKey, openSigningKey } from '../signing-key.ts'
import { livingKeys, type StoredKey } from '../store-key.ts'

/** A key that signs tokens now, with the header of every token that it signs. */
export interface ActiveKey {
  readonly id: string
  readonly bound: BoundKey
  /** The token's first part and the dot after it. */
  readonly prefix: string
}

/** The keys of this server in the memory of this replica. */
export interface KeyRing {
  /** The key that signs with this algorithm, made first when there is none yet. */
  active(algorithm: TokenAlgorithm): ActiveKey | Promise<ActiveKey>
  /** A key that verifiers are shown, by id. */
  published(id: string): BoundKey | undefined
  /** RFC 7517 key set as JSON text; never empty once a key is active. */
  jwks(): string
  /** A word that is another one as soon as the key set is; the feed tells it, so that verifiers ask for the set anew. */
  version(): string
  load(): Promise<void>
}

/** The ring of this replica; `makeActive` makes and stores a first key of an algorithm. */
export const createKeyRing = (given: {
  readonly db: Handle<BrokerTables>
  readonly sealer: Sealer
  makeActive(algorithm: TokenAlgorithm): Promise<void>
}): KeyRing => {
  let actives = new Map<TokenAlgorithm, ActiveKey>()
  let shown = new Map<string, BoundKey>()
  let jwks = '{"keys":[]}'
  let version = versionOf(jwks)
  const making = new Map<TokenAlgorithm, Promise<ActiveKey>>()

  const load = async (): Promise<void> => {
    const keys = (await livingKeys(given.db)).filter((key) => key.state !== 'prepared')
    // Private keys that are here already are not opened again.
    const known = new Map([...actives.values()].map((key) => [key.id, key]))
    const signing = keys.filter((key) => key.state === 'active')
    actives = new Map(signing.map((key) => [key.algorithm, known.get(key.id) ?? toActive(key, given.sealer)]))
    shown = new Map(
      keys.map((key) => [key.id, shown.get(key.id) ?? bindKey(key.algorithm, openPublicKey(key.publicJwk))]),
    )
    // INVARIANT: never empty. A verifier that sees no keys refuses everybody.
    if (keys.length > 0) jwks = `{"keys":[${keys.map((key) => key.publicJwk).join(',')}]}`
    version = versionOf(jwks)
  }

  const make = async (algorithm: TokenAlgorithm): Promise<ActiveKey> => {
    await given.makeActive(algorithm)
    await load()
    const made = actives.get(algorithm)
    if (made === undefined) throw new Error(`no active signing key for ${algorithm}`)
    return made
  }

  return {
    active: (algorithm) => {
      const known = actives.get(algorithm)
      if (known !== undefined) return known
      const running = making.get(algorithm) ?? make(algorithm).finally(() => making.delete(algorithm))
      making.set(algorithm, running)
      return running
    },
    published: (id) => shown.get(id),
    jwks: () => jwks,
    version: () => version,
    load,
  }
}

const versionOf = (jwks: string): string => hash('sha256', jwks, 'base64url').slice(0, VERSION_CHARS)

const VERSION_CHARS = 22

const toActive = (key: StoredKey, sealer: Sealer): ActiveKey => ({
  id: key.id,
  bound: bindKey(key.algorithm, openSigningKey(key.id, key.sealed, sealer)),
  // RFC 9068 §2.1.
  prefix: `${Buffer.from(JSON.stringify({ alg: key.algorithm, typ: 'at+jwt', kid: key.id })).toString('base64url')}.`,
})
