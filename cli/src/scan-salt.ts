import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Surroundings } from './surroundings.ts'

/** The salt of this person's scans, made once: with it the same secret has the same fingerprint in every scan. */
export const scanSalt = (around: Surroundings): string => {
  const file = join(around.configFolder, 'scan-salt')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    const salt = `${around.random.id()}${around.random.id()}`
    mkdirSync(around.configFolder, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${salt}\n`, { mode: 0o600 })
    return salt
  }
}
