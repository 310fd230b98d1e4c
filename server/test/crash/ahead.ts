import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Changes, createChanges } from '../../src/kit/changes.ts'
import { type Database, openDatabase } from '../../src/kit/database.ts'
import { createHot, type Hot } from '../../src/kit/hot.ts'
import { createLog } from '../../src/kit/log.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { openRecordsAhead, type RecordsAhead } from '../../src/ledger/ahead.ts'
import { ownAct } from '../../src/ledger/own-act.ts'
import { testClock } from '../clock.ts'
import { migratedFile } from '../migrated-sqlite.ts'

export const log = createLog('silent')
export const random = systemRandom()

/** A database with records ahead of its tables, and what writes them. */
export interface Opened {
  readonly folder: string
  readonly database: Database
  readonly ahead: RecordsAhead
  readonly changes: Changes
  readonly hot: Hot
  /** Records something of this name, and resolves once that is acknowledged. */
  record(name: string): Promise<unknown>
  names(): Promise<readonly string[]>
  close(): Promise<void>
}

/** An event of this kind. */
export const draftOf = (kind: string) => ownAct({ kind, on: null, change: [], evidence: {} }, 'req_ahead')

/** Opens the folder as a start does. */
export const open = async (folder: string): Promise<Opened> => {
  const database = openDatabase({ sqliteFile: join(folder, 'reeve.db') })
  const clock = testClock()
  try {
    const ahead = await openRecordsAhead(database, join(folder, 'journal'), { random, log })
    assert.ok(ahead !== undefined)
    const changes = createChanges(database, clock, log)
    const hot = createHot({ database, changes, clock, random, log, ahead, committed: () => undefined })
    return {
      ...{ folder, database, ahead, changes, hot },
      record: (name) => {
        return hot.run({ judge: () => ({ drafts: [draftOf(name)], value: name }) })
      },
      names: async () => {
        const rows = await database.reader.selectFrom('ledger_unnumbered').select('kind').orderBy('position').execute()
        return rows.map(({ kind }) => String(kind))
      },
      close: async () => {
        await hot.drain()
        await database.close()
        await ahead.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** A folder with a migrated database. */
export const newFolder = async (t: TestContext): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-ahead-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'reeve.db'), await migratedFile())
  return folder
}

/** Records until the journal is there to be used. */
export const warm = async (opened: Opened): Promise<void> => {
  for (let at = 0; !opened.ahead.isOpen(1); at++) {
    assert.ok(at < 1_000, 'the journal never opened')
    await Promise.all(Array.from({ length: 10 }, () => opened.record('warm')))
  }
}

/** The folder as it would be found if the process were killed now. */
export const killedCopy = ({ folder }: Opened, name: string): string => {
  const copy = join(folder, name)
  mkdirSync(copy)
  for (const file of readdirSync(folder))
    if (/^(?:reeve\.db|journal)/.test(file)) cpSync(join(folder, file), join(copy, file))
  return copy
}

/** All but those of this name. */
export const without = (names: readonly string[], name: string) => names.filter((each) => each !== name)
