import { revocationTarget, type TokenAlgorithm } from '@reeve/sdk'
import type { AnyDb } from '../../kit/database.ts'
import { isDatabaseGone } from '../../kit/database-gone.ts'
import { dropOldest } from '../../kit/drop-oldest.ts'
import { coreFault } from '../../kit/fault.ts'
import type { CertificateName } from '../domain/certificate-name.ts'
import type { CredentialKind } from '../domain/credential-kind.ts'
import type { CredentialState } from '../domain/credential-state.ts'
import type { KeyLimits } from '../domain/key-limits.ts'
import { type IsInside, insideOf } from '../domain/network.ts'
import type { Subject, Subjects } from '../room.ts'
import { type BoundKey, bindKey } from '../signature.ts'
import { openPublicKey } from '../signing-key.ts'
import { type Credential, heldCredentialsOf } from '../store-credential.ts'
import type { IssuerKeys } from './issuer-keys.ts'

/** An identity with its credentials, as the hot paths know it. */
export interface Client {
  readonly subject: Subject
  readonly credentials: readonly ClientCredential[]
  /** Its names in the revocation feed. */
  readonly targets: { readonly identity: string; readonly owner: string }
}

/** One credential of a client, ready to be compared or verified with. */
export interface ClientCredential {
  readonly id: string
  readonly kind: CredentialKind
  readonly state: CredentialState
  readonly stateReason: string | null
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** Added under an exception from the table of proofs. */
  readonly isByException: boolean
  readonly keyId: string | null
  readonly thumbprint: string | null
  readonly key: BoundKey | undefined
  /** What that signs with. */
  readonly algorithm: TokenAlgorithm | null
  /** The keys at the address of its key set, where it has one; what they may be is asked for anew from time to time. */
  readonly keysAt: ((keyId: string | undefined) => ReturnType<IssuerKeys['findInSet']>) | undefined
  readonly secretDigest: Buffer | undefined
  readonly target: string
  /** Of an API key. */
  readonly limits: (KeyLimits & { readonly isInside: IsInside }) | undefined
  /** Of certificates that a CA vouches for. */
  readonly certificateName: CertificateName | null
}

/** Clients in the memory of this replica: bounded, and dropped when a signal says that they changed. */
export interface ClientMemory {
  /** From memory, else from the database. */
  find(idOrName: string): Client | undefined | Promise<Client | undefined>
  /** From the database, whatever is in memory. */
  reload(idOrName: string): Promise<Client | undefined>
  /** Whether it is in memory now. */
  has(idOrName: string): boolean
  dropIdentities(ids: readonly string[]): void
  dropCredentials(ids: readonly string[]): void
  dropAll(): void
}

const LOADS_MAX = 4

/** An empty memory of at most `clientsMax` clients. */
export const createClientMemory = (given: {
  readonly db: AnyDb
  readonly subjects: Pick<Subjects, 'find'>
  readonly clientKeys: Pick<IssuerKeys, 'findInSet'>
  readonly clientsMax: number
}): ClientMemory => {
  const byId = new Map<string, Client>()
  const idOfName = new Map<string, string>()
  const idOfCredential = new Map<string, string>()
  // Grows with every signal: a load that began before one may hold what is out of date.
  let generation = 0
  // Who stands last in `byId`.
  let newest: Client | undefined

  const drop = (id: string): void => {
    const client = byId.get(id)
    if (client === undefined) return
    byId.delete(id)
    idOfName.delete(client.subject.name)
    for (const credential of client.credentials) idOfCredential.delete(credential.id)
  }

  const keep = (client: Client): void => {
    const { id, name } = client.subject
    drop(id)
    dropOldest(byId, given.clientsMax, drop)
    byId.set(id, client)
    newest = client
    idOfName.set(name, id)
    for (const credential of client.credentials) idOfCredential.set(credential.id, id)
  }

  const read = async (idOrName: string): Promise<Client | undefined> => {
    for (let tried = 1; ; tried++) {
      const begun = generation
      const client = await load(given, idOrName)
      const isCurrent = generation === begun
      if (isCurrent && client !== undefined) keep(client)
      // What changes all the time is answered as it was just read, and not kept.
      if (isCurrent || tried >= LOADS_MAX) return client
    }
  }

  // A thousand requests of one client that is not in memory ask the database once.
  const reading = new Map<string, Promise<Client | undefined>>()
  const reload = (idOrName: string): Promise<Client | undefined> => {
    const running = reading.get(idOrName)
    if (running !== undefined) return running
    const mine = read(idOrName)
      .catch((error: unknown) => {
        throw isDatabaseGone(error) ? coreFault('unavailable', { retryAfterSeconds: 2, cause: error }) : error
      })
      .finally(() => reading.delete(idOrName))
    reading.set(idOrName, mine)
    return mine
  }

  const known = (idOrName: string): Client | undefined => byId.get(idOrName) ?? byId.get(idOfName.get(idOrName) ?? '')
  // A map keeps the order of insertion: what was used last stands last, and the first one is dropped when it is full.
  const touched = (client: Client | undefined): Client | undefined => {
    // Whoever asks much is mostly who asked last, and stands last already.
    if (client === newest || client === undefined) return client
    if (byId.delete(client.subject.id)) byId.set(client.subject.id, client)
    newest = client
    return client
  }

  return {
    find: (idOrName) => touched(known(idOrName)) ?? reload(idOrName),
    reload,
    has: (idOrName) => known(idOrName) !== undefined,
    dropIdentities: (ids) => {
      generation++
      for (const id of ids) drop(id)
    },
    dropCredentials: (ids) => {
      generation++
      for (const id of ids) drop(idOfCredential.get(id) ?? '')
    },
    dropAll: () => {
      generation++
      byId.clear()
      idOfName.clear()
      idOfCredential.clear()
    },
  }
}

const load = async (
  { db, subjects, clientKeys }: Parameters<typeof createClientMemory>[0],
  idOrName: string,
): Promise<Client | undefined> => {
  const subject = await subjects.find(db, idOrName)
  // Asked for an unknown client as well, so that both take as long.
  const credentials = await heldCredentialsOf(db, subject?.id ?? idOrName)
  if (subject === undefined) return undefined
  return {
    subject,
    credentials: credentials.map((credential) => toClientCredential(credential, subject.owner.id, clientKeys)),
    targets: {
      identity: revocationTarget('identity', subject.id),
      owner: revocationTarget('owner', subject.owner.id),
    },
  }
}

const toClientCredential = (
  credential: Credential,
  team: string,
  clientKeys: Pick<IssuerKeys, 'findInSet'>,
): ClientCredential => {
  let opened: BoundKey | undefined
  return {
    id: credential.id,
    kind: credential.kind,
    state: credential.state,
    stateReason: credential.stateReason,
    createdAtMs: credential.createdAt,
    expiresAtMs: credential.expiresAt,
    isByException: credential.exception !== null,
    keyId: credential.keyId,
    thumbprint: credential.thumbprint,
    algorithm: credential.algorithm,
    // Opened when it is first tried: of hundreds one or two are.
    get key() {
      if (credential.publicJwk === null || credential.algorithm === null) return undefined
      opened ??= bindKey(credential.algorithm, openPublicKey(credential.publicJwk))
      return opened
    },
    keysAt: keysAt(credential, team, clientKeys),
    secretDigest: credential.secretHash === null ? undefined : Buffer.from(credential.secretHash, 'base64url'),
    target: revocationTarget('credential', credential.id),
    limits:
      credential.limits === null ? undefined : { ...credential.limits, isInside: insideOf(credential.limits.networks) },
    certificateName: credential.certificateName,
  }
}

const keysAt = (
  { jwksUri }: Credential,
  team: string,
  clientKeys: Pick<IssuerKeys, 'findInSet'>,
): ClientCredential['keysAt'] => (jwksUri === null ? undefined : (keyId) => clientKeys.findInSet(jwksUri, keyId, team))
