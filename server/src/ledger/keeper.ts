import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { open as openFile, readFile, rename, rm } from 'node:fs/promises'
import {
  type Checkpoint,
  encodeVkey,
  loadRange,
  openCheckpoint,
  parseVkey,
  rootOf,
  type Signer,
  signCheckpoint,
  signerOf,
} from '@reeve/sdk/ledger'
import type { Handle } from '../kit/database.ts'
import type { Random } from '../kit/random.ts'
import type { Sealer } from '../kit/seal.ts'
import { LedgerRolledBack } from './rolled-back.ts'
import type { LedgerTables } from './schema.ts'
import type { CheckpointKeeper } from './sequencer.ts'
import { nodeReader } from './tree.ts'

/** The log's signing key and name, and the checkpoint that is kept outside the database. */
export interface LedgerKeeper extends CheckpointKeeper {
  /** What auditors verify with: C2SP `name+hash+key`. */
  readonly vkey: string
}

/**
 * Opens the log's key, making it in a new database, and compares the log with the checkpoint that was kept outside:
 * a database that is older than it, or another one, is refused. Throws `LedgerRolledBack`.
 */
export const openKeeper = async (given: {
  db: Handle<LedgerTables>
  sealer: Sealer
  random: Random
  checkpointFile: string
  now: Date
}): Promise<LedgerKeeper> => {
  const { db, checkpointFile } = given
  const row = await keyOf(given)
  const { name } = parseVkey(row.vkey)
  const der = given.sealer.open(row.sealed, binding(row.id))
  const signer = signerOf(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  await compareWithKept(db, checkpointFile, signer)
  let written: string | undefined
  return {
    vkey: encodeVkey(signer),
    sign: (head) => signCheckpoint({ origin: name, ...head, extensions: [] }, signer),
    keep: async (note, reader) => {
      // Somebody else writes this file too: another replica of this log, or of a copy that grew apart from it.
      const kept = await readKept(checkpointFile)
      const isOurs = kept === undefined || kept === written
      const keptSize = isOurs ? 0 : await compareWithKept(reader, checkpointFile, signer)
      if (keptSize < openCheckpoint(note, [signer]).size) await replaceFile(checkpointFile, note, given.random)
      written = note
    },
  }
}

// One key for every replica: of several that start together the first one's is kept.
const KEY_ID = 'lgk_log'

const binding = (id: string) => ({ table: 'ledger_key', row: id, column: 'sealed' })

const keyOf = async (given: { db: Handle<LedgerTables>; sealer: Sealer; random: Random; now: Date }) => {
  const { db } = given
  const find = () => db.selectFrom('ledger_key').selectAll().where('id', '=', KEY_ID)
  const known = await find().executeTakeFirst()
  if (known !== undefined) return known
  const made = makeKey(given)
  await db
    .insertInto('ledger_key')
    .values(made)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  return find().executeTakeFirstOrThrow()
}

const makeKey = (given: { sealer: Sealer; random: Random; now: Date }) => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const signer = signerOf(`reeve/${given.random.bytes(9).toString('base64url')}`, privateKey)
  const sealed = given.sealer.seal(privateKey.export({ format: 'der', type: 'pkcs8' }), binding(KEY_ID))
  return { id: KEY_ID, vkey: encodeVkey(signer), sealed, created_at: given.now.getTime() }
}

/** Compares the log with the checkpoint that is kept outside, and returns how many entries that one covers. */
const compareWithKept = async (db: Handle<LedgerTables>, file: string, signer: Signer): Promise<number> => {
  const note = await readKept(file)
  if (note === undefined) return 0
  const kept = openKept(note, signer, file)
  const state = await db.selectFrom('ledger_state').select('size').where('id', '=', 1).executeTakeFirst()
  const size = state?.size ?? 0
  if (size < kept.size)
    throw new LedgerRolledBack(
      `the log has ${size} entries, but a signed checkpoint of ${kept.size} is kept in ${file}: the database was restored to an older state`,
    )
  const root = rootOf(await loadRange(kept.size, nodeReader(db)))
  if (!Buffer.from(kept.root).equals(root))
    throw new LedgerRolledBack(`the log differs from the signed checkpoint that is kept in ${file}`)
  return kept.size
}

/** The note that is kept; only a file that is not there means that none is: one that cannot be read proves nothing. */
const readKept = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const openKept = (note: string, signer: Signer, file: string): Checkpoint => {
  try {
    return openCheckpoint(note, [signer])
  } catch {
    throw new LedgerRolledBack(
      `the checkpoint kept in ${file} is not signed by this database's log: it belongs to another database, or was changed`,
    )
  }
}

/** Written beside and renamed, so that a crash leaves the old or the new one; fsync before it counts. */
const replaceFile = async (file: string, text: string, random: Random): Promise<void> => {
  // A name of its own: another replica may be replacing the same file at this moment.
  const fresh = `${file}.${random.bytes(6).toString('hex')}`
  const handle = await openFile(fresh, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(fresh, file)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(fresh, { force: true })
    throw error
  }
}
