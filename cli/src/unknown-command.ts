import type { CommandEntry } from './command.ts'
import { CommandError } from './exit-code.ts'
import { closest, OTHER_WORDS } from './suggest.ts'

/** Says that there is no such command, and which one was most likely meant. */
export const unknownCommand = (one: string, two: string, commands: ReadonlyMap<string, CommandEntry>): CommandError => {
  const verbs = verbsOf(one, commands)
  if (verbs.length > 0 && two === '')
    return new CommandError(`say what to do: reeve ${one} ${verbs.join('|')}`, { next: `reeve help ${one}` })
  if (verbs.length > 0) {
    const near = meant(two, verbs)
    return new CommandError(`there is no command \`reeve ${one} ${two}\``, {
      lines: near === undefined ? [`there is: ${verbs.join(', ')}`] : [`did you mean reeve ${one} ${near}?`],
      next: `reeve help ${one}`,
    })
  }
  const firsts = [...new Set([...commands.keys()].map((words) => words.split(' ')[0] ?? ''))]
  const near =
    turned(one, two, commands, sameWord) ??
    otherWord(one, firsts) ??
    turned(one, two, commands, otherWord) ??
    meant(one, firsts) ??
    turned(one, two, commands, meant)
  return new CommandError(`there is no command \`reeve ${one}\``, {
    lines: near === undefined ? [] : [`did you mean reeve ${near}?`],
    next: 'reeve help lists them',
  })
}

const verbsOf = (noun: string, commands: ReadonlyMap<string, CommandEntry>): string[] =>
  [...commands.keys()].filter((words) => words.startsWith(`${noun} `)).map((words) => words.split(' ')[1] ?? '')

type Finder = (word: string, words: readonly string[]) => string | undefined

/** The word that is written nearly so, or is called otherwise elsewhere. */
const meant: Finder = (word, words) =>
  closest(
    word,
    words.filter((each) => Math.abs(each.length - word.length) <= 1),
  ) ??
  otherWord(word, words) ??
  closest(singular(word), words)

const otherWord: Finder = (word, words) => OTHER_WORDS[word.toLowerCase()]?.find((each) => words.includes(each))

const sameWord: Finder = (word, words) => words.find((each) => each === word)

/** `list identities` as `identity list`. */
const turned = (
  one: string,
  two: string,
  commands: ReadonlyMap<string, CommandEntry>,
  find: Finder,
): string | undefined => {
  const noun = singular(two)
  const verb = find(one, verbsOf(noun, commands))
  return verb === undefined ? undefined : `${noun} ${verb}`
}

const singular = (word: string): string =>
  word
    .toLowerCase()
    .replace(/ies$/, 'y')
    .replace(/(?<!s)s$/, '')
