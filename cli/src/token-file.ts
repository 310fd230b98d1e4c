import { closeSync, fchmodSync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Random } from '@reeve/sdk'
import { CommandError } from './exit-code.ts'

/** A file that holds one token and nothing else, or is not there. */
export interface TokenFile {
  readonly path: string
  /** Throws where nothing could be written: told at the start, it is not found out by the programs that need it. */
  check(): void
  /** Puts this token in its place at once: whoever reads sees the one before or this one, whole. */
  write(token: string): void
  remove(): void
}

const FOR_ITS_USER = 0o600
const FOR_ITS_GROUP = 0o640

/** A file for its user, or for its group as well, which reads it from another container say. */
export const tokenFile = (
  file: string,
  { random, isForGroup = false }: { readonly random: Random; readonly isForGroup?: boolean },
): TokenFile => {
  const path = resolve(file)
  // Beside it, because a file is moved in one step only within its own file system.
  const besideIt = (text: string, use: (own: string) => void): void => {
    const own = join(dirname(path), `.${basename(path)}.${random.id()}`)
    try {
      // Made for its user alone, and new: nobody else had it open before the token was in it.
      const open = openSync(own, 'wx', FOR_ITS_USER)
      try {
        writeFileSync(open, text)
        // By what is open, and not by its name: in a folder of others that may be another file by now.
        if (isForGroup) fchmodSync(open, FOR_ITS_GROUP)
      } finally {
        closeSync(open)
      }
      use(own)
    } catch (error) {
      rmSync(own, { force: true })
      throw error
    }
  }
  return {
    path,
    check: () => {
      try {
        if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
          throw new CommandError(`${path} is a folder`, { next: 'name a file in it' })
        besideIt('', (own) => rmSync(own))
      } catch (cause) {
        if (cause instanceof CommandError) throw cause
        const next = 'name a file in a folder that is there and that this user may write into'
        throw new CommandError(`${path} cannot be written`, { next, cause })
      }
    },
    write: (token) => besideIt(token, (own) => renameSync(own, path)),
    remove: () => rmSync(path, { force: true }),
  }
}
