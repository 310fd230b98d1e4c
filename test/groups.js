import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const ROOT = resolve(import.meta.dirname, '..')
// These start programs again and again, kill them, compute for long, or kill the official engine, of which a process has
// one: each is a process of its own.
const ALONE = [
  'server/test/crash/drain',
  'server/test/crash/fsync',
  'server/test/crash/kill',
  'server/test/crash/migration-kill',
  'server/test/crash/second-process',
  'server/test/crash/start',
  'server/test/replicas/',
  'server/test/hostile/slow',
  'cli/test/pipes',
  'cli/test/scan',
  'cli/test/start',
  'cli/test/terminal',
  'test/',
  'bench/',
  'server/src/policy/engine/decide',
  'server/src/policy/engine/poisoned',
]
const GROUPS = 12

/** Whether a program is one of those that start, stop or time others, given by its path in the tree or on the disk. */
export const holdsTimes = (program) => {
  const path = relative(ROOT, resolve(ROOT, program))
  return ALONE.some((start) => path.startsWith(start))
}

/**
 * What to run as one process each. Loading the server costs more than most files' tests, so the others share a dozen
 * processes: every file of a group is imported by one that is written to `folder`.
 */
export const inGroups = (files, folder) => {
  const alone = files.filter(holdsTimes)
  const shared = files.filter((file) => !alone.includes(file))
  if (shared.length <= GROUPS) return files
  // In turn, so that what is beside each other in the tree, and takes about as long, is spread over the groups.
  const groups = Array.from({ length: GROUPS }, (_, at) => shared.filter((_, index) => index % GROUPS === at))
  return [
    ...alone,
    ...groups.map((group, at) => {
      const program = join(folder, `group-${at + 1}.test.mjs`)
      const imports = group.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)}\n`)
      writeFileSync(program, imports.join(''))
      return program
    }),
  ]
}
