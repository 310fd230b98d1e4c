import { readdirSync, readFileSync } from 'node:fs'
import { cpuSeconds } from './measured.ts'

/** Processor time of all processes of PostgreSQL on this machine so far; the database's own and whoever else's. */
export const databaseSeconds = (): number => {
  if (process.platform !== 'linux') return 0
  let seconds = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('postgres:')) seconds += cpuSeconds(Number(name))
    } catch {
      // It ended meanwhile.
    }
  }
  return seconds
}
