import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** Writes a new key to a file of its own, for its owner alone, durably; throws when there is such a file already. */
export const keepKey = (file: string, key: Buffer): void => {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, `${key.toString('base64')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
