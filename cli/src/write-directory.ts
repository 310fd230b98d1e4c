import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '@reeve/sdk/make-folder'
import { CommandError } from './exit-code.ts'
import { safeText } from './safe-text.ts'

// What goes into a repository is no secret; the umask says who may read it.
const COMMITTED = 0o777

const PARTS = [
  '.schema',
  'teams',
  'identities',
  'resources',
  'applications',
  'bundles',
  'grants',
  'policies',
  'tests',
  'workflows',
]

const PATH = /^(?:reeve\.yaml|\.schema\/[a-z]{1,40}\.schema\.json|[a-z]+\/[A-Za-z0-9][\w.-]{0,199}\.(?:yaml|cedar))$/

/**
 * Writes the files of a new directory of access as code below `folder`, all or none, and over nothing. Their paths hold
 * names that a server answered, so that one which is not plainly a file of such a directory is refused.
 */
export const writeDirectory = (folder: string, files: ReadonlyMap<string, string>): void => {
  const strange = [...files.keys()].filter((path) => !PATH.test(path))
  if (strange.length > 0)
    throw new CommandError('the server names what is no name of a file; nothing was written', {
      lines: strange.map((path) => safeText(path)),
      next: 'see that this is your server: `reeve status`',
    })
  // Whatever lies in these folders would be part of the directory.
  const there = ['reeve.yaml', ...PARTS].filter((path) => existsSync(join(folder, path)))
  if (there.length > 0)
    throw new CommandError(`${folder} holds a directory already, or what would be taken for one; nothing was written`, {
      lines: there.map((path) => join(folder, path)),
      next: 'name a folder that is not there yet',
    })
  const written: string[] = []
  try {
    for (const [path, text] of files) {
      const file = join(folder, path)
      makeFolder(dirname(file), COMMITTED)
      // Never over a file, nor through a link, that came there meanwhile.
      writeFileSync(file, text, { flag: 'wx' })
      written.push(file)
    }
  } catch (error) {
    for (const file of written) rmSync(file)
    throw error
  }
}

/** Writes the schemas of a directory that is there in the place of those of before; never through a link. */
export const rewriteSchemas = (folder: string, files: ReadonlyMap<string, string>): void => {
  for (const [path, text] of files) {
    const file = join(folder, path)
    const parent = dirname(file)
    makeFolder(parent, COMMITTED)
    if (lstatSync(parent).isSymbolicLink())
      throw new CommandError(`${parent} is a link, and nothing is written through one`, { next: 'make it a folder' })
    rmSync(file, { force: true })
    writeFileSync(file, text, { flag: 'wx' })
  }
}
