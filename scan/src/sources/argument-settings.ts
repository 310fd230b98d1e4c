import type { Location } from '../report.ts'
import type { YamlValue } from '../yaml-file.ts'
import { namedArguments } from './named-arguments.ts'
import type { ProgramSetting } from './settings.ts'

/** What a command is given under names, as settings: `--password x`, and what some programs take in a way of their own. */
export const argumentSettings = (words: readonly string[], where: Location): ProgramSetting[] => {
  const named = namedArguments(words.map((text) => ({ text, line: where.line })))
  return [...named.map(({ name, text }) => ({ name, value: text, where })), ...ownForms(words, where)]
}

const ownForms = (words: readonly string[], where: Location): ProgramSetting[] => {
  const starts = (name: RegExp): boolean => words.some((word) => name.test(baseOf(word)))
  const password = (value: string): ProgramSetting => ({ name: 'password', value, where })
  return words.flatMap((word, at) => {
    const next = words[at + 1] ?? ''
    if (/^-p.{4}/.test(word) && starts(/^(?:mysql|mariadb)/)) return [password(word.slice(2))]
    if (/^--?(?:requirepass|masterauth)$/.test(word)) return [password(next)]
    if (word === '-p' && starts(/^sshpass$/)) return [password(next)]
    if ((word === '-u' || word === '--user') && next.includes(':') && starts(/^curl$/))
      return [password(next.slice(next.indexOf(':') + 1))]
    return []
  })
}

/** The words of a command in YAML, in one list or two, or as one text; a list is words already, unless it hands one text to a shell. */
export const commandWords = (...parts: readonly (YamlValue | undefined)[]): string[] => {
  const text = parts.find((part) => part?.text !== undefined)?.text
  const words = parts.flatMap((part) => part?.items() ?? []).flatMap((item) => item.text ?? [])
  const isShell =
    words.length === 2 ? words[0] === 'CMD-SHELL' : words.length === 3 && /^-\w{0,3}c$/.test(words[1] ?? '')
  if (isShell || text !== undefined) return shellWords(text ?? words.at(-1) ?? '')
  return words.map(literalOrNothing)
}

/** As a shell cuts it, near enough: what stands in quotes is one word. What is filled in when it runs is no literal. */
export const shellWords = (command: string): string[] =>
  [
    ...command
      .slice(0, CHARS_MAX)
      .replace(/=(["'])([^"'\s]{1,500})\1/g, '=$2')
      .matchAll(/"([^"]{0,1000})"|'([^']{0,1000})'|([^\s"']{1,1000})/g),
  ].map(([, double, single, plain]) => {
    return literalOrNothing(double ?? single ?? plain ?? '')
  })

const literalOrNothing = (word: string): string => (/[$`]/.test(word) ? '' : word)

const CHARS_MAX = 4000

/** A program's name without its folder. */
export const baseOf = (word = ''): string => word.slice(word.lastIndexOf('/') + 1)
