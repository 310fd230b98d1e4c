import { readFileSync } from 'node:fs'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

const CHARS_MAX = 256 * 1024 * 1024

/** The text of a file, or of standard input for `-`. */
export const readText = async (around: Surroundings, file: string): Promise<string> => {
  if (file !== '-') return readFile(file)
  if (around.stdin.isTTY === true) around.err('reading standard input; end it with Ctrl-D\n')
  around.stdin.setEncoding('utf8')
  let read = ''
  for await (const piece of around.stdin) {
    read += String(piece)
    if (read.length > CHARS_MAX)
      throw new CommandError('standard input is larger than any input', { next: 'give less' })
  }
  return read
}

const readFile = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    // Some of the system's errors do not say which file they are about.
    throw error instanceof Error ? Object.assign(error, { path: file }) : error
  }
}

/** A secret from a file or standard input: one line, without what an editor adds around it. */
export const readSecret = async (around: Surroundings, file: string): Promise<string> => {
  const secret = (await readText(around, file)).trim()
  if (secret === '') throw new CommandError(`${nameOf(file)} is empty`, { next: 'give a file that holds it, or - ' })
  if (/\s/.test(secret))
    throw new CommandError(`${nameOf(file)} holds more than one word`, {
      next: 'give a file that holds it and nothing else',
    })
  return secret
}

/** The JSON object in a file (or `-`), as the input of a command; empty when no file is named. */
export const readInput = async (around: Surroundings, file: unknown): Promise<Record<string, unknown>> => {
  if (typeof file !== 'string') return {}
  const text = await readText(around, file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CommandError(`${nameOf(file)} is not valid JSON${placeOf(cause, text)}`, {
      next: 'correct it there',
      cause,
    })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new CommandError(`${nameOf(file)} does not hold a JSON object`, { next: 'put the fields into { }' })
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file)

// The parser's own words would show a piece of the text, which may be a key.
const placeOf = (error: unknown, text: string): string => {
  const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  if (position === undefined) return ''
  return `, line ${text.slice(0, Number(position)).split('\n').length}`
}
