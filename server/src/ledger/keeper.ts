import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { open as openFile, readFile, rename } from 'node:fs/promises'
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
import type { LedgerTables } from './schema.ts'
import { type CheckpointKeeper, LedgerRolledBack } from './sequencer.ts'
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
  const row = (await db.selectFrom('ledger_key').selectAll().executeTakeFirst()) ?? (await makeKey(given))
  const { name } = parseVkey(row.vkey)
  const der = given.sealer.open(row.sealed, binding(row.id))
  const signer = signerOf(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  await compareWithKept(db, checkpointFile, signer)
  return {
    vkey: encodeVkey(signer),
    sign: (head) => signCheckpoint({ origin: name, ...head, extensions: [] }, signer),
    keep: (note) => replaceFile(checkpointFile, note),
  }
}

const binding = (id: string) => ({ table: 'ledger_key', row: id, column: 'sealed' })

const makeKey = async (given: { db: Handle<LedgerTables>; sealer: Sealer; random: Random; now: Date }) => {
  const id = given.random.id('lgk')
  const { privateKey } = generateKeyPairSync('ed25519')
  const signer = signerOf(`reeve/${given.random.bytes(9).toString('base64url')}`, privateKey)
  const sealed = given.sealer.seal(privateKey.export({ format: 'der', type: 'pkcs8' }), binding(id))
  const row = { id, vkey: encodeVkey(signer), sealed, created_at: given.now.getTime() }
  await given.db.insertInto('ledger_key').values(row).execute()
  return row
}

const compareWithKept = async (db: Handle<LedgerTables>, file: string, signer: Signer): Promise<void> => {
  const note = await readFile(file, 'utf8').catch(() => undefined)
  if (note === undefined) return
  const kept = openKept(note, signer, file)
  const state = await db.selectFrom('ledger_state').select('size').where('id', '=', 1).executeTakeFirst()
  const size = state?.size ?? 0
  if (size < kept.size)
    throw new LedgerRolledBack(
      `the log has ${size} entries, but a signed checkpoint of ${kept.size} is kept in ${file}: the database was restored to an older state`,
    )
  const root = await rootAt(db, kept.size)
  if (!Buffer.from(kept.root).equals(root))
    throw new LedgerRolledBack(`the log differs from the signed checkpoint that is kept in ${file}`)
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

/** The root that the log had at this size, from its stored nodes. */
const rootAt = async (db: Handle<LedgerTables>, size: number): Promise<Buffer> => {
  return Buffer.from(rootOf(await loadRange(size, nodeReader(db))))
}

/** Written beside and renamed, so that a crash leaves the old or the new one; fsync before it counts. */
const replaceFile = async (file: string, text: string): Promise<void> => {
  const fresh = `${file}.new`
  const handle = await openFile(fresh, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(fresh, file)
}
