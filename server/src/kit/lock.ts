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

/**
 * Takes the data folder for this process and returns how to give it back. The operating system drops the lock when the
 * process dies, however it dies, so nothing stale can be left behind; the pid beside it is only for the message.
 */
export const takeFolder = (folder: string, pid: number): (() => void) => {
  const lock = new DatabaseSync(join(folder, 'lock'))
  const pidFile = join(folder, 'pid')
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    throw new FolderTaken(folder, readPid(pidFile))
  }
  writeFileSync(pidFile, `${pid}\n`)
  return () => lock.close()
}

const readPid = (file: string): number | undefined => {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
