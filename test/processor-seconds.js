import { existsSync, readFileSync } from 'node:fs'

/** What this process took, with all that it started and that ended (proc(5)): it says more than the time on a shared machine. */
export const processorSeconds = () => {
  if (!existsSync('/proc/self/stat')) return process.cpuUsage().user / 1_000_000
  const ticks = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ').slice(11, 15)
  return ticks.reduce((sum, one) => sum + Number(one), 0) / TICKS_A_SECOND
}

const TICKS_A_SECOND = 100
