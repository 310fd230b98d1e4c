import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDatabase } from '../../src/kit/database.ts'
import { enrolAdmin, makePlace, startServer } from '../process.ts'
import { withSql } from '../sql.ts'
import { bySecret, postForm, setUpWorkload } from '../workload.ts'

const SEQUENTIAL = 20
const AT_ONCE = 200

test('D3: on SQLite every acknowledgement leaves after the log was flushed to disk', async (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    assert.equal(process.env.CI, undefined, 'CI needs strace')
    return t.skip('strace is not installed here, so flushes cannot be counted')
  }
  const place = await makePlace('sqlite')
  assert.ok(place)
  try {
    const trace = join(place.folder, 'trace')
    // -D: the server stays this test's own child, and strace watches it from the side.
    const server = await startServer(place, {}, [
      ...['strace', '-D', '-f', '-y', '-s', '20', '-o', trace],
      ...['-e', 'trace=fsync,fdatasync,write,writev,pwrite64,openat', '--seccomp-bpf'],
    ])
    const admin = await enrolAdmin(server)
    const workload = await setUpWorkload(server, admin)
    const issue = () => postForm(server, '/oauth/token', bySecret(workload))
    const change = (to: string) =>
      admin.client(server).inventory.identity.change({ identity: workload.id, purpose: to })
    await mark(server.url, 'one')
    for (let at = 0; at < SEQUENTIAL; at++) assert.equal((await issue()).status, 200)
    await mark(server.url, 'two')
    for (let at = 0; at < SEQUENTIAL; at++) await change(`purpose ${at}`)
    await mark(server.url, 'three')
    await Promise.all(Array.from({ length: AT_ONCE }, issue))
    await mark(server.url, 'four')
    // The many have had the journal made.
    for (let at = 0; at < SEQUENTIAL; at++) assert.equal((await issue()).status, 200)
    await mark(server.url, 'five')
    await server.stop()
    const text = readFileSync(trace, 'utf8')
    const calls = callsIn(text)
    const part = (from: string, to: string) => calls.slice(placeOf(calls, from), placeOf(calls, to))
    assertFlushedBeforeEach(part('one', 'two'), 'a token')
    assertFlushedBeforeEach(part('two', 'three'), 'a change')
    assertFlushedBeforeEach(part('four', 'five'), 'a token beside the journal')
    assert.match(text, /openat\([^\n]*\/journal", O_WRONLY\|[A-Z_|]*O_DSYNC/, 'a write to the journal is a flush of it')
    assert.match(text, JOURNAL_WRITE, 'the journal was written')
    assert.match(text, JOURNAL_MADE, 'that the folder has it is on the disk before anything is written to it')
    const flushes = part('three', 'four').filter((call) => call === 'flush').length
    assert.ok(flushes >= 1)
    t.diagnostic(
      `one by one: ${SEQUENTIAL} tokens and ${SEQUENTIAL} changes, each after a flush of its own; ` +
        `${AT_ONCE} tokens at once: ${flushes} flushes, ${(AT_ONCE / flushes).toFixed(1)} acknowledgements a flush`,
    )
  } finally {
    await place.remove()
  }
})

// Of an older moment than its locks, a quarantine would be overtaken.
test('D3, V3: on PostgreSQL every session of ours commits synchronously and reads what is committed, even where the database says otherwise', async (t) => {
  const place = await makePlace('postgres', 'not made')
  const url = place?.environment.REEVE_DATABASE_URL
  if (place === undefined || url === undefined) return t.skip('no PostgreSQL here')
  try {
    const name = new URL(url).pathname.slice(1)
    await withSql(place, (sql) =>
      sql.run(`alter database ${name} set synchronous_commit = off;
        alter database ${name} set default_transaction_isolation = 'serializable'`),
    )
    const database = openDatabase({ postgresUrl: url, poolSize: 4 })
    try {
      const settings = await Promise.all(
        Array.from({ length: 8 }, () =>
          database.write((tx) =>
            tx
              .selectFrom('pg_settings')
              .select(['name', 'setting'])
              .where('name', 'in', ['synchronous_commit', 'transaction_isolation'])
              .execute(),
          ),
        ),
      )
      assert.deepEqual(
        new Set(settings.flat().map((row) => `${row.name} ${row.setting}`)),
        new Set(['synchronous_commit on', 'transaction_isolation read committed']),
      )
    } finally {
      await database.close()
    }
  } finally {
    await place.remove()
  }
})

test('D3: on PostgreSQL a session that cannot be made to commit synchronously is not used', async (t) => {
  const place = await makePlace('postgres', 'not made')
  const url = place?.environment.REEVE_DATABASE_URL
  if (place === undefined || url === undefined) return t.skip('no PostgreSQL here')
  try {
    const name = new URL(url).pathname.slice(1)
    await withSql(place, (sql) =>
      sql.run(`create schema other; create table kept (id int);
        create function other.set_config(text, text, boolean) returns text language plpgsql
          as $$ begin raise exception 'not here'; end $$;
        alter database ${name} set search_path = other, pg_catalog, public;
        alter database ${name} set synchronous_commit = off`),
    )
    const database = openDatabase({ postgresUrl: url, poolSize: 6 })
    try {
      const write = () => database.write((tx) => tx.insertInto('kept').values({ id: 1 }).execute())
      const atOnce = () => database.writeAtOnce?.({ name: 'keep', text: 'insert into kept values (2)' }, [])
      for (let tries = 0; tries < 3; tries++) {
        await assert.rejects(write(), /terminated|not queryable/)
        await assert.rejects(async () => atOnce(), /not here/)
      }
    } finally {
      await database.close()
    }
    const rows = await withSql(place, (sql) => sql.rows('select id from kept'))
    assert.deepEqual(rows, [])
  } finally {
    await place.remove()
  }
})

type Call = 'flush' | 'answer' | 'mark'

// A mark in the trace: an answer that is no acknowledgement, and that nothing else asks for.
const mark = (url: string, name: string) => fetch(`${url}/docs/errors/mark_${name}`, { method: 'HEAD' })

const JOURNAL_MADE =
  /\/journal", O_WRONLY\|O_CREAT[\s\S]*fsync\(\d+<[^>]*\/data>[\s\S]*\/journal", O_WRONLY\|[A-Z_|]*O_DSYNC/
const JOURNAL_WRITE = /pwrite64\(\d+<[^>]*\/journal>/

/** The ends of flushes of the database's log and of writes to the journal, and the beginnings of answers, in their order. */
const callsIn = (trace: string): Call[] => {
  // A call that another thread interrupts is told in two lines; only the first names the file.
  const flushing = new Set<string>()
  return trace.split('\n').flatMap((line): Call[] => {
    const thread = line.split(' ', 1)[0] ?? ''
    const isOfLog = /f(?:data)?sync\(\d+<[^>]*reeve\.db-wal>/.test(line) || JOURNAL_WRITE.test(line)
    if (isOfLog && line.includes('<unfinished')) flushing.add(thread)
    if (isOfLog && / = \d+$/.test(line)) return ['flush']
    if (/(?:f(?:data)?sync|pwrite64) resumed>.* = \d+$/.test(line)) return flushing.delete(thread) ? ['flush'] : []
    const status = /writev?\(\d+<socket:.*"HTTP\/1\.1 (\d+)/.exec(line)?.[1]
    return status === '200' ? ['answer'] : status === '404' ? ['mark'] : []
  })
}

const MARKS = ['one', 'two', 'three', 'four', 'five']

const placeOf = (calls: readonly Call[], name: string): number => {
  const marks = calls.flatMap((call, at) => (call === 'mark' ? [at] : []))
  assert.equal(marks.length, MARKS.length, 'the marks are in the trace')
  return marks[MARKS.indexOf(name)] ?? -1
}

const assertFlushedBeforeEach = (calls: readonly Call[], what: string): void => {
  let flushed = 0
  let answers = 0
  for (const call of calls) {
    if (call === 'flush') flushed++
    if (call !== 'answer') continue
    answers++
    assert.ok(flushed > 0, `${what} was acknowledged before its record was on disk`)
    flushed = 0
  }
  assert.equal(answers, SEQUENTIAL, `every answer about ${what} is in the trace`)
}
