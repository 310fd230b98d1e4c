import { randomBytes } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

// What starts servers and kills them takes longest, so it begins first: at the end no core waits for a long last file.
const ROOTS = ['server/test', 'test', 'cli', 'server/src', 'sdk', 'cedar', 'scan', 'examples', 'bench']
const given = process.argv.slice(2)
const filesUnder = (root) =>
  globSync(root.endsWith('.ts') ? root : `${root}/**/*.test.ts`, {
    exclude: (name) => name.includes('node_modules') || name.includes('estate'),
  }).sort()
const files = [...new Set((given.length > 0 ? given : ROOTS).flatMap(filesUnder))]
if (files.length === 0) {
  console.error(`no test files in ${given.join(', ')}`)
  process.exit(1)
}

// Hundreds of small databases: in memory where that is to be had, so that a slow disk does not make the tests slow.
const memory = '/dev/shm'
if (process.env.TMPDIR === undefined && existsSync(memory)) process.env.TMPDIR = memory
// A process for each file, and each loads much the same: what was stripped and compiled for one is there for the others.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../node_modules/.cache/reeve-test')

// The databases that the files share on PostgreSQL bear this name, and are dropped when the last file is over.
const ofRun = randomBytes(4).toString('hex')
process.env.REEVE_TEST_RUN = ofRun
// Found once for all files; a server that has to be started for the tests stays until the last one.
const usesPostgres = files.some((file) => file.startsWith('server'))
const { findPostgres } = await import('../server/test/postgres.ts')
const postgres = usesPostgres ? await findPostgres() : undefined
if (usesPostgres && postgres === undefined) process.env.REEVE_TEST_SQLITE_ONLY = '1'
if (postgres !== undefined) process.env.REEVE_TEST_POSTGRES = postgres

/** Runs files and tells of them as they end; resolves to those in which something failed. */
const runFiles = (some, concurrency) =>
  new Promise((resolve) => {
    const failed = new Set()
    const told = run({ files: some, concurrency, timeout: 120_000 })
      .on('test:fail', ({ file, name, todo }) => {
        if (todo === undefined || todo === false) failed.add(file ?? name)
      })
      .compose(spec)
    told.on('end', () => resolve([...failed])).pipe(process.stdout, { end: false })
  })

let failed = await runFiles(files, 2)
// Some bars are times, and CI's machines are shared: a few files that failed are run once more, alone, and named.
const AGAIN_MAX = 8
if (process.env.CI !== undefined && failed.length > 0 && failed.length <= AGAIN_MAX) {
  const first = failed
  console.log(`\nonce more, alone: ${first.join(' ')}\n`)
  failed = await runFiles(first, 1)
  if (failed.length === 0) console.log(`\npassed only when run alone, look at them: ${first.join(' ')}\n`)
}
if (postgres !== undefined) await (await import('../server/test/leased-postgres.ts')).dropLeased(postgres, ofRun)
process.exitCode = failed.length > 0 ? 1 : 0
