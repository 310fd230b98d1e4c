import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const COMMITS = 300
const SQLITE = join(import.meta.dirname, '../../src/kit/sqlite.ts')

/** Commits so often, one at a time as a group and by itself, that the log is copied several times. */
const program = (file: string): string => `
  import { openSqlite } from ${JSON.stringify(SQLITE)}
  const database = openSqlite(${JSON.stringify(file)})
  await database.writer.schema.createTable('t').addColumn('text', 'text').execute()
  const row = { text: 'x'.repeat(100_000) }
  const insert = (tx) => tx.insertInto('t').values(row).execute()
  for (let at = 0; at < ${COMMITS}; at++) await (at % 2 === 0 ? database.writeGroup(insert) : database.write(insert))
  await database.close()
`

test('on SQLite the log is on the disk before the file is touched, and the file before the log is written again', (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    assert.equal(process.env.CI, undefined, 'CI needs strace')
    return t.skip('strace is not installed here, so writes cannot be seen')
  }
  const folder = mkdtempSync(join(tmpdir(), 'reeve-copy-'))
  try {
    const source = join(folder, 'program.mjs')
    const trace = join(folder, 'trace')
    writeFileSync(source, program(join(folder, 'a.db')))
    const watched = ['-f', '-y', '-s', '0', '-o', trace, '-e', 'trace=pwrite64,fsync,fdatasync', '--seccomp-bpf']
    const { status, stderr } = spawnSync('strace', [...watched, process.execPath, source], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const calls = callsIn(readFileSync(trace, 'utf8'))
    // What makes the file a database is written before there is a log.
    const logged = calls.slice(calls.indexOf('log'))
    const [dirty, copies] = [{ log: false, file: false }, { count: 0 }]
    for (const call of logged) {
      if (call === 'file') assert.equal(dirty.log, false, 'the file was touched before the log was on the disk')
      if (call === 'log') assert.equal(dirty.file, false, 'the log was written before the file was on the disk')
      if (call === 'flush file' && dirty.file) copies.count += 1
      if (call === 'file' || call === 'log') dirty[call] = true
      else dirty[call === 'flush log' ? 'log' : 'file'] = false
    }
    assert.ok(copies.count >= 2, `the log was copied ${copies.count} times`)
    assert.deepEqual(dirty, { log: false, file: false })
    t.diagnostic(`${COMMITS} commits, the log copied ${copies.count} times, each copy and each flush in its place`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

type Call = 'log' | 'file' | 'flush log' | 'flush file'

/** Writes and the ends of flushes, in their order. */
const callsIn = (trace: string): Call[] => {
  // A call that another thread interrupts is told in two lines; only the first names the file.
  const flushing = new Map<string, Call>()
  return trace.split('\n').flatMap((line): Call[] => {
    const thread = line.split(' ', 1)[0] ?? ''
    const name = /a\.db(-wal)?>/.exec(line)
    const of = name === null ? undefined : name[1] === undefined ? 'file' : 'log'
    if (of !== undefined && line.includes(' pwrite64(')) return [of]
    if (of !== undefined && line.includes('<unfinished')) flushing.set(thread, `flush ${of}`)
    else if (of !== undefined && / = 0$/.test(line)) return [`flush ${of}`]
    const begun = flushing.get(thread)
    if (begun === undefined || !/sync resumed>.* = 0$/.test(line)) return []
    flushing.delete(thread)
    return [begun]
  })
}
