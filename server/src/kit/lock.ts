import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The data folder is in use by another process; `pid` is its holder, when it could be read. */
export class FolderTaken extends Error {
  readonly pid: number | undefined
  constructor(folder: string, pid: number | undefined) {
    super(
      `the data folder ${folder} is in use by process ${pid ?? 'unknown'}; stop that process, or start this one with another folder (REEVE_DATA)`,
    )
    this.name = 'FolderTaken'
    this.pid = pid
  }
}

/** The data folder is nobody else's, and still cannot be used: by this user, or on this disk. */
export class FolderUnusable extends Error {
  constructor(folder: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : 'unknown'
    super(
      `the data folder ${folder} cannot be used (${why}); give this user the right to it, or name another (REEVE_DATA)`,
    )
    this.name = 'FolderUnusable'
    this.cause = cause
  }
}

/**
 * Takes the data folder for this process and returns how to give it back. The operating system drops the lock when the
 * process dies, however it dies, so nothing stale can be left behind; the pid beside it is only for the message.
 */
export const takeFolder = (folder: string, pid: number): (() => void) => {
  const pidFile = join(folder, 'pid')
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(folder, 'lock'))
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    writeFileSync(pidFile, `${pid}\n`)
  } catch (error) {
    lock?.close()
    throw isBusy(error) ? new FolderTaken(folder, readPid(pidFile)) : new FolderUnusable(folder, error)
  }
  const taken = lock
  return () => taken.close()
}

const SQLITE_BUSY = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

const readPid = (file: string): number | undefined => {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
