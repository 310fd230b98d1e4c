import type { Location } from '../report.ts'
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

/** As a shell cuts it, near enough: what stands in quotes is one word. What is filled in when it runs is no literal. */
export const shellWords = (command: string): string[] =>
  [
    ...command
      .slice(0, CHARS_MAX)
      .replace(/=(["'])([^"'\s]{1,500})\1/g, '=$2')
      .matchAll(/"([^"]{0,1000})"|'([^']{0,1000})'|([^\s"']{1,1000})/g),
  ].map(([, double, single, plain]) => {
    const word = double ?? single ?? plain ?? ''
    return /[$`]/.test(word) ? '' : word
  })

const CHARS_MAX = 4000

/** A program's name without its folder. */
export const baseOf = (word = ''): string => word.slice(word.lastIndexOf('/') + 1)
