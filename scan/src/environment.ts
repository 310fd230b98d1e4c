import type { Environment, Guess } from './report.ts'

/** Guesses an environment from names, the first that gives one away; `null` when none does. */
export const guessEnvironment = (names: readonly { name: string; what: string }[]): Guess<Environment> | null => {
  for (const { name, what } of names) {
    for (const word of wordsOf(name)) {
      const value = WORDS.get(word)
      if (value) return { value, because: `${what} says \`${word}\`` }
    }
  }
  return null
}

const WORDS = new Map<string, Environment>([
  ['prod', 'production'],
  ['production', 'production'],
  ['prd', 'production'],
  ['live', 'production'],
  ['staging', 'staging'],
  ['stage', 'staging'],
  ['stg', 'staging'],
  ['preprod', 'staging'],
  ['uat', 'staging'],
  ['test', 'test'],
  ['tests', 'test'],
  ['testing', 'test'],
  ['qa', 'test'],
  ['sandbox', 'test'],
  ['dev', 'development'],
  ['develop', 'development'],
  ['development', 'development'],
  ['local', 'development'],
  ['localhost', 'development'],
])

// Folders of every machine, and domains that are called `local` wherever they are.
const NOT_PLACES = /\/usr\/local\/|\/\.local\/|\/dev\/(?:null|shm|std\w{2,3}|fd)|\.local\b/g

const wordsOf = (name: string): string[] =>
  name
    .replace(NOT_PLACES, '/')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
