import { join } from 'node:path'
import { migrations } from '../migrations/index.ts'
import { type Config, readKekFile, WrongSetting } from './config.ts'
import { type Changes, createChanges } from './kit/changes.ts'
import type { Clock } from './kit/clock.ts'
import { type Cursors, createCursors } from './kit/cursor.ts'
import { type AnyTx, type Database, openDatabase } from './kit/database.ts'
import { createHot, type Hot } from './kit/hot.ts'
import { keepKey } from './kit/keep-key.ts'
import { openKek } from './kit/kek-uri.ts'
import { type KekSource, KeyUnavailable, localWrapper, WrongKey } from './kit/key-wrapper.ts'
import { takeFolder } from './kit/lock.ts'
import type { Log } from './kit/log.ts'
import { migrate } from './kit/migrate.ts'
import type { Random } from './kit/random.ts'
import { checkKey, openSealer, type Sealer } from './kit/seal.ts'
import type { StartPause } from './kit/start-pause.ts'
import { openRecordsAhead } from './ledger/ahead.ts'
import { createBlocks } from './ledger/blocks.ts'
import type { EventDraft } from './ledger/event.ts'
import { type LedgerKeeper, openKeeper } from './ledger/keeper.ts'
import { createSequencer, type Sequencer } from './ledger/sequencer.ts'

/** What a process is made of, handed in. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly pid: number
  /** Says something to the person at the terminal; never to the log. */
  tell(text: string): void
}

/** What every room stands on: the database with its keys, the change feed, the hot pipeline and the ledger. */
export interface Foundation {
  readonly database: Database
  readonly sealer: Sealer
  readonly cursors: Cursors
  readonly changes: Changes
  readonly hot: Hot
  readonly keeper: LedgerKeeper
  readonly sequencer: Sequencer
  /** The name of this process in leases. */
  readonly replica: string
  /** To be told after each commit on this replica what it recorded. */
  committed(drafts: readonly EventDraft[]): void
  onCommitted(listener: (drafts: readonly EventDraft[]) => void): void
  /** Stops writing, numbers what is committed, closes the database and gives the folder back. */
  close(): Promise<void>
}

/** The database is here, but its key-encryption key is not; only the process's status may be served. */
export interface Sealed {
  readonly isSealed: true
  readonly why: string
  close(): Promise<void>
}

/** Opens everything, in the order in which each part needs the one before. Throws what a person at the terminal can mend. */
export const openFoundation = async (
  config: Config,
  given: Surroundings,
  starts?: Pick<StartPause, 'begin'>,
): Promise<Foundation | Sealed> => {
  const { log } = given
  const isEmbedded = config.databaseUrl === undefined
  const release = isEmbedded ? takeFolder(config.dataFolder, given.pid) : () => undefined
  let database: Database | undefined
  try {
    // Not before the folder is ours: who finds it taken changes nothing there.
    await starts?.begin()
    database = openDatabase(
      config.databaseUrl === undefined
        ? { sqliteFile: join(config.dataFolder, 'reeve.db') }
        : { postgresUrl: config.databaseUrl, poolSize: config.databasePoolSize },
    )
    const why = await whySealed(database, kekOf(config, given.random))
    if (why !== undefined) return { isSealed: true, why, close: closing(database, release) }
    const applied = await migrate(database.writer, migrations)
    if (applied.length > 0) log.info({ migrations: applied }, 'schema brought up to date')
    return await build(config, given, database, release)
  } catch (error) {
    await database?.close().catch(() => undefined)
    release()
    throw error
  }
}

const build = async (
  config: Config,
  given: Surroundings,
  database: Database,
  release: () => void,
): Promise<Foundation | Sealed> => {
  const { clock, random, log } = given
  const close = closing(database, release)
  const kek = kekOf(config, random)
  const reserve = (): void => {
    if (typeof sealer === 'string') return
    sealer.reserve(database).catch((err: unknown) => log.error({ err }, 'no uses of the data key set aside'))
  }
  const sealer = await database
    .write((tx: AnyTx) => openSealer(tx, kek, { random, clock, onLow: reserve }))
    .catch(whyWrong)
  if (typeof sealer === 'string') return { isSealed: true, why: sealer, close }
  await sealer.reserve(database)
  const keeper = await database.write((tx: AnyTx) =>
    openKeeper({ db: tx, sealer, random, checkpointFile: config.checkpointFile, now: clock.now() }),
  )
  const ahead = await openRecordsAhead(database, join(config.dataFolder, 'journal'), { random, log })
  const blocks = createBlocks()
  const sequencer = createSequencer({ database, clock, log, keeper, ahead, blocks })
  const changes = createChanges(database, clock, log)
  // Beside the feed, so that a device or cloud that does not answer holds up no quarantine.
  const reload = (): void => {
    const read = sealer.reload(database.reader).then(() => sealer.reserve(database))
    read.catch((err: unknown) => {
      log.error({ err }, 'a new data key cannot be opened yet, trying again')
      setTimeout(reload, RELOAD_AGAIN_MS).unref()
    })
  }
  changes.follow('data-key', { changed: reload, reset: reload })
  const listeners: ((drafts: readonly EventDraft[]) => void)[] = []
  const committed = (drafts: readonly EventDraft[]): void => {
    sequencer.poke()
    for (const hear of listeners) hear(drafts)
  }
  const hot = createHot({ database, changes, clock, random, log, ahead, blocks, committed })
  return {
    database,
    sealer,
    cursors: createCursors(sealer.derive('cursor')),
    changes,
    hot,
    keeper,
    sequencer,
    // A data folder has one process: what a lease of before was given to has ended, and its work goes on at once.
    replica: database.engine === 'sqlite' ? 'the-only-one' : random.id('srv'),
    committed,
    onCommitted: (listener) => listeners.push(listener),
    close: async () => {
      await hot.drain()
      await sequencer.stop()
      await changes.stop()
      await database.close()
      await ahead?.close()
      release()
    },
  }
}

const closing = (database: Database, release: () => void) => async () => {
  await database.close()
  release()
}

/** Before anything is written, not even a migration: whether this database needs another key than the one that is here. */
const whySealed = async (database: Database, kek: KekSource): Promise<string | undefined> => {
  const tables = await database.reader.introspection.getTables()
  if (!tables.some(({ name }) => name === 'kit_data_key')) return undefined
  return checkKey(database.reader, kek).then(() => undefined, whyWrong)
}

const whyWrong = (error: unknown): string => {
  if (error instanceof WrongKey || error instanceof KeyUnavailable) return error.message
  throw error
}

const kekOf = ({ kek, kekUri, oldKeks, newKekFile }: Config, random: Random): KekSource => {
  const local = () => kek ?? (newKekFile === undefined ? undefined : readKekFile(newKekFile))
  const wrapperOf = (key: Uint8Array | undefined) => (key === undefined ? undefined : localWrapper(key))
  return {
    find: async () => (kekUri === undefined ? wrapperOf(local()) : openKek(kekUri)),
    old: () => Promise.all(oldKeks.map((key) => (typeof key === 'string' ? openKek(key) : localWrapper(key)))),
    // Kept before the commit that needs it: a key without a database harms nobody.
    make: async () => {
      if (newKekFile === undefined) return undefined
      const made = random.bytes(KEK_BYTES)
      return wrapperOf(keepNew(newKekFile, made, random.id('new')) ? made : local())
    },
  }
}

const keepNew = (file: string, key: Buffer, draft: string): boolean => {
  try {
    return keepKey(file, key, draft)
  } catch (error) {
    // A folder that is full, read-only, or on a file system that knows no links.
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new WrongSetting(
      `the key file ${file} cannot be made (${why}); make 32 random bytes in base64 yourself, and name them by REEVE_KEK or REEVE_KEK_FILE`,
    )
  }
}

const KEK_BYTES = 32
const RELOAD_AGAIN_MS = 5_000
