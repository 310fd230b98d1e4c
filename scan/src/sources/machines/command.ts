import type { Location } from '../../report.ts'
import { namedArguments } from '../named-arguments.ts'
import type { ProgramSetting } from '../settings.ts'

/** What a command runs in the end: `cd /app && nice -n 5 python3 -u sync.py` is `python3 sync.py`. */
export const programOf = (command: string): string => {
  const parts = command.slice(0, CHARS_MAX).split(/&&|\|\||;/)
  const part = parts.find((one) => !PREPARES.test(one)) ?? command
  let words = part.trim().split(/\s+/)
  for (let wrapper = baseOf(words[0]); WRAPPERS.has(wrapper) || ASSIGNMENT.test(words[0] ?? ''); ) {
    const skipped = words
      .slice(1)
      .findIndex((word, at, rest) => !OPTION.test(word) && !TAKES_NEXT.has(rest[at - 1] ?? ''))
    if (skipped === -1) break
    // `flock` names its lock first.
    words = words.slice(1 + skipped + (wrapper === 'flock' ? 1 : 0))
    wrapper = baseOf(words[0])
  }
  const [program = ''] = words
  if (!INTERPRETER.test(baseOf(program))) return program
  const script = words.slice(1).find((word) => !word.startsWith('-'))
  return script === undefined || words[1] === '-c' ? program : `${program} ${script}`
}

const CHARS_MAX = 4000
const PREPARES = /^\s*(?:cd|test|\[{1,2}|export|source|\.|set|umask|sleep)(?:\s|$)/
const WRAPPERS = new Set([
  'sudo',
  'nice',
  'ionice',
  'env',
  'nohup',
  'chronic',
  'time',
  'exec',
  'flock',
  'timeout',
  'setsid',
])
const ASSIGNMENT = /^[A-Za-z_]\w{0,100}=/
const OPTION = /^(?:-|\d{1,9}[smhd]?$|[A-Za-z_]\w{0,100}=)/
const TAKES_NEXT = new Set(['-u', '-g', '--user', '--group'])
const INTERPRETER = /^(?:python[\d.]{0,6}|node|perl|ruby|php[\d.]{0,6}|(?:ba|z|da|k)?sh|java|Rscript|deno|bun)$/

const baseOf = (word = ''): string => word.slice(word.lastIndexOf('/') + 1)

/** What a command is given under names, as settings: `--password x`, and what some programs take in a way of their own. */
export const argumentSettings = (command: string, where: Location): ProgramSetting[] => {
  const words = wordsOf(command)
  const named = namedArguments(words.map((text) => ({ text, line: where.line })))
  return [...named.map(({ name, text }) => ({ name, value: text, where })), ...ownForms(words, where)]
}

const ownForms = (words: readonly string[], where: Location): ProgramSetting[] => {
  const starts = (name: RegExp): boolean => words.some((word) => name.test(baseOf(word)))
  const password = (value: string): ProgramSetting => ({ name: 'password', value, where })
  return words.flatMap((word, at) => {
    const next = words[at + 1] ?? ''
    if (/^-p.{4}/.test(word) && starts(/^(?:mysql|mariadb)/)) return [password(word.slice(2))]
    if (word === '-p' && starts(/^sshpass$/)) return [password(next)]
    if ((word === '-u' || word === '--user') && next.includes(':') && starts(/^curl$/))
      return [password(next.slice(next.indexOf(':') + 1))]
    return []
  })
}

// As a shell cuts it, near enough: what stands in quotes is one word. What is filled in when it runs is no literal.
const wordsOf = (command: string): string[] =>
  [
    ...command
      .slice(0, CHARS_MAX)
      .replace(/=(["'])([^"'\s]{1,500})\1/g, '=$2')
      .matchAll(/"([^"]{0,1000})"|'([^']{0,1000})'|([^\s"']{1,1000})/g),
  ].map(([, double, single, plain]) => {
    const word = double ?? single ?? plain ?? ''
    return /[$`]/.test(word) ? '' : word
  })
