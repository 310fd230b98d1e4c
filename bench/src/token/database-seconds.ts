import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { cpuSeconds, endedSeconds } from './measured.ts'

/** Processor time of PostgreSQL on this machine so far, whoever asks it: what runs, and what has ended. */
export const databaseSeconds = (): number => {
  if (process.platform !== 'linux') return 0
  let seconds = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const [program = ''] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      if (program.startsWith('postgres:')) seconds += cpuSeconds(Number(name))
      // The one that starts all others, and waits for their end.
      if (basename(program) === 'postgres') seconds += cpuSeconds(Number(name)) + endedSeconds(Number(name))
    } catch {
      // It ended meanwhile.
    }
  }
  return seconds
}
