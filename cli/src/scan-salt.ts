import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '@reeve/sdk/make-folder'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

/** The salt of this person's scans, made once: with it the same secret has the same fingerprint in every scan. */
export const scanSalt = (around: Surroundings): string => {
  const file = join(around.configFolder, 'scan-salt')
  const salt = read(file) ?? make(around, file)
  if (salt.length >= SALT_CHARS_MIN) return salt
  throw new CommandError(`${file} is damaged: it holds no salt`, {
    next: 'delete it; the next scan makes another one, and its fingerprints differ from those of earlier scans',
  })
}

const SALT_CHARS_MIN = 16

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    // A salt that is there and cannot be read must not be replaced by another.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

// Under another name first: what a crash or a full disk leaves half written must not become a salt.
const make = (around: Surroundings, file: string): string => {
  const salt = `${around.random.id()}${around.random.id()}`
  makeFolder(around.configFolder)
  writeFileSync(`${file}.new`, `${salt}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return salt
}
