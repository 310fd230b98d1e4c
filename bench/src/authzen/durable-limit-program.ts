import { fdatasync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { serveLimit } from './serve-limit.ts'

// The limit of whatever answers only after the record is on the disk: as the bare one, and what came in a turn of the
// event loop is one row, written and flushed before any of it is answered.

const folder = mkdtempSync(join(tmpdir(), 'reeve-limit-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit())

const file = join(folder, 'records.db')
const database = new DatabaseSync(file)
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 2000')
database.exec('create table page (id integer primary key, body text not null)')
const insert = database.prepare('insert into page (body) values (?)')
const log = openSync(`${file}-wal`, 'r+')

let waiting: { readonly record: object; readonly leave: () => void }[] = []
let isRunning = false

const commit = (): void => {
  const batch = waiting
  waiting = []
  insert.run(JSON.stringify(batch.map(({ record }) => record)))
  fdatasync(log, (error) => {
    if (error !== null) throw error
    for (const { leave } of batch) leave()
    isRunning = waiting.length > 0
    if (isRunning) setImmediate(commit)
  })
}

serveLimit((asked, decision, leave) => {
  waiting.push({ record: { decision, ...asked, at: Date.now() }, leave })
  if (isRunning) return
  isRunning = true
  setImmediate(commit)
})
