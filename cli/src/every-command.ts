import type { CommandEntry } from './command.ts'
import { derivedCommand } from './derived-command.ts'
import { type ListedOperation, listedOperations } from './operations.ts'
import { OWN_COMMANDS, SHORT_WORDS, UNDER_OTHER_WORDS } from './own-commands.ts'

/** Every command, by its words: those with words of their own, and one for each other operation. */
export const everyCommand = (): ReadonlyMap<string, CommandEntry> => {
  const operations = new Map(listedOperations().map((operation) => [operation.name, operation]))
  const entries = new Map(OWN_COMMANDS.map((entry) => [entry.words, entry]))
  const add = (words: string, operation: ListedOperation | undefined) => {
    if (operation !== undefined && !entries.has(words)) entries.set(words, derivedEntry(words, operation))
  }
  for (const [words, name] of Object.entries(SHORT_WORDS)) add(words, operations.get(name))
  for (const operation of operations.values())
    if (!(operation.name in UNDER_OTHER_WORDS)) add(wordsOf(operation.name), operation)
  return entries
}

/** The words of an operation: its noun and its verb. */
export const wordsOf = (name: string): string => name.split('.').slice(1).join(' ')

const derivedEntry = (words: string, operation: ListedOperation): CommandEntry => ({
  words,
  summary: operation.summary,
  load: () => derivedCommand(operation, words),
})
