import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

/** The text of a file, or of standard input for `-`. */
export const readText = async (around: Surroundings, file: string): Promise<string> => {
  if (file === '-') return text(around.stdin)
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CommandError(`cannot read ${file}`, { next: 'check the path, or give - to read standard input' })
  }
}

/** The JSON object in a file (or `-`), as the input of a command; empty when no file is named. */
export const readInput = async (around: Surroundings, file: unknown): Promise<Record<string, unknown>> => {
  if (typeof file !== 'string') return {}
  try {
    const value: unknown = JSON.parse(await readText(around, file))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (error) {
    if (error instanceof CommandError) throw error
  }
  throw new CommandError(`${file} does not hold a JSON object`, {
    next: 'see the reference for the fields of this operation',
  })
}
