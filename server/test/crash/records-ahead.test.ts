import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createChanges } from '../../src/kit/changes.ts'
import { type Database, openDatabase } from '../../src/kit/database.ts'
import { createHot } from '../../src/kit/hot.ts'
import { ForeignJournal } from '../../src/kit/journal.ts'
import { createLog } from '../../src/kit/log.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { openRecordsAhead, type RecordsAhead } from '../../src/ledger/ahead.ts'
import { ownAct } from '../../src/ledger/own-act.ts'
import { testClock } from '../clock.ts'
import { migratedFile } from '../migrated-sqlite.ts'

const log = createLog('silent')
const random = systemRandom()

interface Opened {
  readonly folder: string
  readonly database: Database
  readonly ahead: RecordsAhead
  /** Records something of this name, and resolves once that is acknowledged. */
  record(name: string): Promise<unknown>
  names(): Promise<readonly string[]>
  close(): Promise<void>
}

const open = async (folder: string): Promise<Opened> => {
  const database = openDatabase({ sqliteFile: join(folder, 'reeve.db') })
  const clock = testClock()
  try {
    const ahead = await openRecordsAhead(database, join(folder, 'journal'), { random, log })
    assert.ok(ahead !== undefined)
    const changes = createChanges(database, clock, log)
    const hot = createHot({ database, changes, clock, random, log, ahead, committed: () => undefined })
    return {
      ...{ folder, database, ahead },
      record: (name) => {
        const draft = ownAct({ kind: name, on: null, change: [], evidence: {} }, 'req_ahead')
        return hot.run({ judge: () => ({ drafts: [draft], value: name }) })
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

const newFolder = async (t: TestContext): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-ahead-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'reeve.db'), await migratedFile())
  return folder
}

/** Records until the journal is there to be used. */
const warm = async (opened: Opened): Promise<void> => {
  for (let at = 0; !opened.ahead.isOpen(1); at++) {
    assert.ok(at < 1_000, 'the journal never opened')
    await Promise.all(Array.from({ length: 10 }, () => opened.record('warm')))
  }
}

/** The folder as it would be found if the process were killed now. */
const killedCopy = ({ folder }: Opened, name: string): string => {
  const copy = join(folder, name)
  mkdirSync(copy)
  for (const file of readdirSync(folder))
    if (/^(?:reeve\.db|journal)/.test(file)) cpSync(join(folder, file), join(copy, file))
  return copy
}

const without = (names: readonly string[], name: string) => names.filter((each) => each !== name)

test('whenever the process is killed, what was acknowledged ahead of the tables is in them at the next start, once and in order', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  const done: string[] = []
  const checks: (readonly [string, readonly string[]])[] = []
  for (let at = 0; at < 40; at++) {
    await Promise.all(Array.from({ length: 3 }, (_, part) => opened.record(`act.${at}.${part}`)))
    done.push(...Array.from({ length: 3 }, (_, part) => `act.${at}.${part}`))
    // Somebody else writes now and then: what was ahead is in the tables, and the journal still holds it.
    if (at % 7 === 3) await opened.database.writeGroup(async () => undefined)
    if (at % 5 === 0) checks.push([killedCopy(opened, `killed-${at}`), [...done]])
  }
  await opened.close()
  for (const [copy, expected] of checks) {
    const again = await open(copy)
    assert.deepEqual(without(await again.names(), 'warm'), expected)
    await again.close()
    const twice = await open(copy)
    assert.deepEqual(without(await twice.names(), 'warm'), expected, 'a second start brings nothing again')
    await twice.close()
  }
})

test('whoever reads where records wait finds what was acknowledged a moment ago, and an end leaves no journal', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await opened.record('act.now')
  assert.equal((await opened.names()).at(-1), 'act.now')
  await opened.record('act.last')
  await opened.close()
  assert.deepEqual(
    readdirSync(opened.folder).filter((file) => file.startsWith('journal')),
    [],
  )
  const again = await open(opened.folder)
  assert.equal((await again.names()).at(-1), 'act.last')
  await again.close()
})

test('while a transaction waits or runs nothing is put ahead, and what was before it comes into the tables before it', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await opened.record('act.before')
  const entered = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const seen: string[] = []
  const writing = opened.database.write(async (tx) => {
    const rows = await tx.selectFrom('ledger_unnumbered').select('kind').orderBy('position').execute()
    seen.push(...rows.map(({ kind }) => String(kind)))
    entered.resolve()
    await left.promise
  })
  assert.equal(opened.ahead.isOpen(1), false, 'closed for one that waits')
  await entered.promise
  assert.equal(seen.at(-1), 'act.before')
  assert.equal(opened.ahead.isOpen(1), false)
  const after = opened.record('act.after')
  left.resolve()
  await writing
  await after
  assert.deepEqual((await opened.names()).slice(-2), ['act.before', 'act.after'])
  await opened.close()
})

test('a journal of another database stops the start, and one that cannot be made costs nothing but time', async (t) => {
  const first = await open(await newFolder(t))
  await warm(first)
  await first.record('act.theirs')
  const copy = killedCopy(first, 'killed')
  await first.close()
  const other = await newFolder(t)
  await (await open(other)).close()
  cpSync(join(copy, 'journal'), join(other, 'journal'))
  await assert.rejects(open(other), ForeignJournal)
  rmSync(join(other, 'journal'))
  mkdirSync(join(other, 'journal'))
  await assert.rejects(open(other), /EISDIR/)
  rmSync(join(other, 'journal'), { recursive: true })
  const opened = await open(other)
  mkdirSync(join(other, 'journal'))
  await Promise.all(Array.from({ length: 20 }, (_, at) => opened.record(`act.${at}`)))
  assert.equal(opened.ahead.isOpen(1), false)
  assert.equal((await opened.names()).length, 20)
  await opened.close()
})
