import { randomBytes } from 'node:crypto'
import { existsSync, globSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { costliest, FEW, holdsTimes, inGroups, wantsQuiet } from './groups.js'
import { processorSeconds } from './processor-seconds.js'
import { endStuck } from './stuck.ts'

// What starts servers and kills them takes longest, so it begins first: at the end no core waits for a long last file.
const ROOTS = ['server/test', 'test', 'cli', 'server/src', 'sdk', 'cedar', 'scan', 'examples', 'bench']
// Twice the cores of a small machine: what waits for a disk, a timer or a process leaves its core to another.
const PROGRAMS_AT_ONCE = 4
// A busy machine is several times slower. What takes longer never ends: it is named, and the others go on.
const TEST_MS_MAX = { full: 1_800_000, every: 3_600_000 }[process.env.REEVE_TEST_ROUNDS] ?? 600_000
// A program may be silent for as long as one of its tests, and to load what comes next.
const SILENT_MS_MAX = TEST_MS_MAX + 60_000
const NO_EXIT = new URL('no-exit.js', import.meta.url).href
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
// A container often has 64 MB there, which is too little.
const memory = '/dev/shm'
const ROOM_BYTES = 2 ** 31
const hasRoom = (folder) => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize >= ROOM_BYTES
}
if (process.env.TMPDIR === undefined && existsSync(memory) && hasRoom(memory)) process.env.TMPDIR = memory
// The processes load much the same: what was stripped and compiled for one is there for the others.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../node_modules/.cache/reeve-test')

// The databases that the files share on PostgreSQL bear this name, and are dropped when the last file is over.
const ofRun = randomBytes(4).toString('hex')
process.env.REEVE_TEST_RUN = ofRun
// Found once for all files; a server that has to be started for the tests stays until the last one. For many files one is:
// in memory as well it takes half the processor time, and nobody waits for a disk at each commit.
const usesPostgres = files.some((file) => file.startsWith('server'))
const { findPostgres } = await import('../server/test/postgres.ts')
const postgres = usesPostgres ? await findPostgres(files.length > FEW ? 'started' : 'running') : undefined
const isSqliteOnly = usesPostgres && postgres === undefined
if (isSqliteOnly && process.env.CI !== undefined)
  throw new Error('CI leaves no engine out: unset REEVE_TEST_SQLITE_ONLY')
if (isSqliteOnly) process.env.REEVE_TEST_SQLITE_ONLY = '1'
if (postgres !== undefined) process.env.REEVE_TEST_POSTGRES = postgres

/** Runs programs of tests and tells of them as they end; resolves to those in which something failed. */
const runAll = (programs, concurrency) =>
  new Promise((resolve) => {
    const failed = new Set()
    // The bound is of each test: Node sets none on a program (`stuck.ts`).
    const started = run({ files: programs, concurrency, timeout: TEST_MS_MAX, execArgv: ['--import', NO_EXIT] })
    const told = endStuck(started, SILENT_MS_MAX)
      // `file` is where the test was registered, which may be a module that does so for many.
      .on('test:fail', ({ entryFile, file, name, todo }) => {
        if (todo === undefined || todo === false) failed.add(entryFile ?? file ?? name)
      })
      .compose(spec)
    told.on('end', () => resolve([...failed])).pipe(process.stdout, { end: false })
  })

// Dozens of servers are started: what they start from is made before the first one.
if (usesPostgres) await (await import('../server/src/packed.js')).packedServer()

const folder = mkdtempSync(join(tmpdir(), 'reeve-tests-'))
const quiet = files.filter(wantsQuiet)
const others = inGroups(
  files.filter((file) => !wantsQuiet(file)),
  folder,
  PROGRAMS_AT_ONCE,
)
let failed = quiet.length > 0 ? await runAll(quiet, 1) : []
if (others.length > 0) failed = [...failed, ...(await runAll(others, PROGRAMS_AT_ONCE))]
// Some bars are times, and CI's machines are shared: a few of these programs that failed are run once more, alone, and
// named. What holds no time gets a second try only on a machine that was slowed down, where things time out: a race that
// comes out wrong now and then is a fault.
const AGAIN_MAX = 8
const isSlowed = async () => (await import('../server/test/crash/ready-time.ts')).crowding() > 1.5
const mayBeTime = async () => failed.every(holdsTimes) || (await isSlowed())
if (process.env.CI !== undefined && failed.length > 0 && failed.length <= AGAIN_MAX && (await mayBeTime())) {
  const first = failed
  console.log(`\nonce more, alone: ${first.join(' ')}\n`)
  failed = await runAll(first, 1)
  if (failed.length === 0) console.log(`\npassed only when run alone, look at them: ${first.join(' ')}\n`)
}
const costly = costliest(folder, 12)
rmSync(folder, { recursive: true, force: true })
if (postgres !== undefined) await (await import('../server/test/leased-postgres.ts')).dropLeased(postgres, ofRun)
if (isSqliteOnly)
  console.log('\nThis ran on SQLite only: no PostgreSQL was found, or it was left out (CONTRIBUTING.md, Tests).')
if (costly.length > 0) console.log(`\nthe costliest of the files that share processes:\n${costly.join('\n')}`)
console.log(`\nprocessor time ${Math.round(processorSeconds())} s, with all programs but the database`)
process.exitCode = failed.length > 0 ? 1 : 0
