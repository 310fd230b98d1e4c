import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Keeps a new key in this file, for its owner alone, durably, and says whether it did: false when another one was kept
 * there first. INVARIANT: the file appears whole and once. It is written under a name that nobody reads (`draft`, new
 * each time), and a link never replaces what is there (POSIX link(2)).
 */
export const keepKey = (file: string, key: Buffer, draft: string): boolean => {
  const written = `${file}.${draft}`
  try {
    writeDurably(written, `${key.toString('base64')}\n`)
    const isFirst = linkNew(written, file)
    // Also of another's: whoever goes on with a key needs it to be there tomorrow.
    syncFolder(dirname(file))
    return isFirst
  } finally {
    rmSync(written, { force: true })
  }
}

const linkNew = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const writeDurably = (file: string, text: string): void => {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

// The name is durable once its folder is.
const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
