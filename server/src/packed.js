import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = ['server/src', 'server/migrations', 'cedar/src', 'sdk/src', 'scan/src']
// What the packages are: whoever installs others changes it. To look at each file of theirs would cost more than it is
// worth: whoever patches one by hand removes what was made of them, as docs/operate.md says.
const INSTALLED = 'node_modules/.package-lock.json'

/** Where what was made of the sources is kept: only those may write there who may write this code. */
export const KEPT = join(ROOT, 'node_modules/.cache/reeve')

/**
 * The file of all modules that a start needs, made of the sources as they are now; undefined where none can be made.
 *
 * Finding, reading and linking 1,300 modules one by one is more than half of a start. It lies beside Node's own cache of
 * what it compiled.
 */
export const packedServer = async (folder = KEPT) => {
  try {
    const file = join(folder, `server-${stampOfSources()}.mjs`)
    if (!exists(file)) await pack(file)
    return pathToFileURL(file).href
  } catch {
    // Nobody may write there, or the packer has no build for this machine: the sources start all the same, later.
    return undefined
  }
}

/** The start of a server, of that file; of the sources where there is none or it is broken, which it then is no more. */
export const startOfServer = async (folder = KEPT) => {
  const packed = await packedServer(folder)
  const start = packed && ((await startOf(packed)) ?? drop(packed))
  return start ?? (await import('./start.ts')).start
}

const startOf = async (packed) => {
  try {
    const { start } = await import(packed)
    return typeof start === 'function' ? start : undefined
  } catch {
    return undefined
  }
}

const drop = (packed) => {
  try {
    rmSync(fileURLToPath(packed), { force: true })
  } catch {
    // Where nobody may write it stays broken, and each start is a slow one.
  }
}

/** Differs whenever a source, the list of packages or their place does. */
const stampOfSources = () => {
  const hash = createHash('sha256').update(`${ROOT}\n`)
  addTo(hash, INSTALLED)
  for (const folder of SOURCES)
    for (const file of readdirSync(join(ROOT, folder), { recursive: true }).sort())
      if (/\.(?:[jt]s|json)$/.test(file) && !file.endsWith('.test.ts')) addTo(hash, join(folder, file))
  return hash.digest('hex').slice(0, 32)
}

// What they hold and not when they were written: archives give every file one time.
const addTo = (hash, file) => {
  const bytes = readFileSync(join(ROOT, file))
  hash.update(`${file} ${bytes.length}\n`).update(bytes)
}

const exists = (file) => statSync(file, { throwIfNoEntry: false }) !== undefined

// It takes a second or two. One that hangs, on a file system that does, holds up no start for ever.
const PACK_MS_MAX = 60_000

// By a process of its own: what it needs for that, half a gigabyte, the server would hold for as long as it runs.
const pack = (file) =>
  run(process.execPath, [join(import.meta.dirname, 'pack.js'), file], {
    env: {},
    timeout: PACK_MS_MAX,
    killSignal: 'SIGKILL',
  })
