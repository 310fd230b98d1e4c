import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { systemRandom } from '../random.ts'
import { isAlive } from '../report/folder-lock.ts'

/** Takes a file as a lock for this process, and gives back what ends that; or says which process has it. */
export const takeFile = (path: string): (() => void) | { readonly pid: number } => {
  // The start time tells a container's next process from its last one, which had the same pid.
  const mine = `${process.pid} ${performance.timeOrigin}`
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const theirs = textOf(path)
    if (theirs === undefined) continue
    const pid = Number.parseInt(theirs, 10)
    // Just made, and not written yet.
    if (theirs === '' || theirs === mine || (pid !== process.pid && isAlive(pid))) return { pid }
    if (!takeAway(path, theirs)) return { pid }
  }
}

/** Of many who find what a dead process left, one takes it away: a file is moved once. */
const takeAway = (path: string, theirs: string): boolean => {
  const aside = `${path}.${systemRandom.id()}`
  try {
    renameSync(path, aside)
  } catch {
    return false
  }
  const isTheirs = textOf(aside) === theirs
  // Somebody was faster, and has taken it since: theirs goes back.
  if (!isTheirs) renameSync(aside, path)
  else rmSync(aside, { force: true })
  return isTheirs
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
