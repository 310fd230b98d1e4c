import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Takes a folder for this process, or throws with the pid that has it; what a dead process left is taken over. */
export const lockFolder = (folder: string): (() => void) => {
  const path = join(folder, 'lock')
  // The start time tells a container's next process from its last one, which had the same pid.
  const mine = `${process.pid} ${performance.timeOrigin}`
  try {
    writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
  } catch {
    const theirs = readFileSync(path, 'utf8')
    const pid = Number.parseInt(theirs, 10)
    if (theirs === mine || (pid !== process.pid && isAlive(pid)))
      throw new Error(`the report folder is in use by process ${pid}; give each process its own`)
    writeFileSync(path, mine, { mode: 0o600 })
  }
  return () => rmSync(path, { force: true })
}

/** Whether a process with this pid is there. */
export const isAlive = (pid: number): boolean => {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
