import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
// These start programs again and again, kill them, compute for long, kill the official engine, of which a process has
// one, or measure their own memory, which takes ten times as long where others have left theirs: each is a process of its own.
const ALONE = [
  'server/test/crash/crash-loop',
  'server/test/crash/drain',
  'server/test/crash/fsync',
  'server/test/crash/kill',
  'server/test/crash/migration-kill',
  'server/test/crash/second-process',
  'server/test/crash/silent-postgres',
  'server/test/crash/start',
  'server/test/replicas/',
  'server/test/hostile/many-connections',
  'server/test/hostile/overload',
  'server/test/hostile/slow',
  'server/test/signals/kill',
  'cli/test/pipes',
  'cli/test/scan',
  'cli/test/start',
  'cli/test/terminal',
  'sdk/src/verifier/attacks-on-signatures',
  'test/',
  'bench/',
  'server/src/policy/engine/decide',
  'server/src/policy/engine/poisoned',
]
/** Whether a program is one of those that start, stop or time others, given by its path in the tree or on the disk. */
export const holdsTimes = (program) => {
  const path = relative(ROOT, resolve(ROOT, program))
  return ALONE.some((start) => path.startsWith(start))
}

const QUIET = ['server/test/hostile/slow', 'server/test/hostile/many-connections']
/** Whether a program times how long one request takes beside thousands: nothing else may take its processor meanwhile. */
export const wantsQuiet = (program) => {
  const path = relative(ROOT, resolve(ROOT, program))
  return QUIET.some((start) => path.startsWith(start))
}

/** So few files are not worth what is made for all of them. */
export const FEW = 12

/**
 * What to run as one process each. Loading the server, and making it quick, costs more than most files' tests, so the
 * others share as many processes as run at once; each takes the next file when it is over with one (`shared-files.js`).
 */
export const inGroups = (files, folder, atOnce) => {
  const alone = files.filter(holdsTimes)
  const shared = files.filter((file) => !alone.includes(file)).sort((one, other) => isCut(other) - isCut(one))
  if (shared.length <= FEW) return files
  const list = join(folder, 'shared.json')
  writeFileSync(list, JSON.stringify(shared.map((file) => resolve(ROOT, file))))
  const groups = Array.from({ length: atOnce }, (_, at) => {
    const program = join(folder, `group-${at + 1}.test.mjs`)
    writeFileSync(
      program,
      `await import(${beside('unwatched.js')})
const { runShared } = await import(${beside('shared-files.js')})
await runShared(${JSON.stringify(list)}, 'group-${at + 1}')
`,
    )
    return program
  })
  // One of those that always have something to do fills what the others leave while they wait for a program or the disk.
  return [...groups.slice(0, 1), ...alone, ...groups.slice(1)]
}

// With all rounds these take longest: begun last, one of them would leave the other cores with nothing to do.
const isCut = (file) => Number(/\brounds\(\{/.test(readFileSync(resolve(ROOT, file), 'utf8')))

/** The files that took most of the processor, with what they started: what to look at when the tests get slow. */
export const costliest = (folder, count) => {
  const list = join(folder, 'shared.json')
  if (!existsSync(list)) return []
  return JSON.parse(readFileSync(list, 'utf8'))
    .map((file, at) => ({
      file,
      took: existsSync(`${list}.${at}.took`) ? Number(readFileSync(`${list}.${at}.took`)) : 0,
    }))
    .sort((one, other) => other.took - one.took)
    .slice(0, count)
    .map(({ file, took }) => `${took.toFixed(1).padStart(7)} s  ${relative(ROOT, file)}`)
}

const beside = (file) => JSON.stringify(new URL(file, import.meta.url).href)
