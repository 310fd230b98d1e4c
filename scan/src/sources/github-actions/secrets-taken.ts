import type { Named } from './workflow.ts'

/** Every secret, for one whose name is worked out may be any of them. */
export const ALL_SECRETS = '*'

/**
 * The secrets that texts take, each at its first place, in capitals as GitHub keeps them.
 * INVARIANT: a use of `secrets` that is not understood counts as all of them, so that no way of writing it hides one.
 */
export const secretsTaken = (texts: readonly Named[]): readonly Named[] => {
  const found = new Map<string, Named>()
  for (const { name: text, line } of texts)
    for (let at = text.indexOf('${{'); at !== -1; ) {
      const end = readExpression(text, at + 3, (name, place) => {
        if (name === AUTOMATIC || found.has(name)) return
        found.set(name, { name, line: line + linesIn(text, place) })
      })
      at = text.indexOf('${{', end)
    }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

const AUTOMATIC = 'GITHUB_TOKEN'

const linesIn = (text: string, until: number): number => {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < until; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** Reads an expression to its end, which a text in quotes does not hold; where it ends. */
const readExpression = (text: string, start: number, take: (name: string, at: number) => void): number => {
  let before = ''
  for (let at = start; at < text.length; ) {
    const char = text[at] ?? ''
    if (char === "'") {
      at = endOfQuoted(text, at)
      before = char
    } else if (text.startsWith('}}', at)) return at + 2
    else if (isWordPart(char)) {
      const end = endOfWord(text, at)
      const isContext = before !== '.' && text.slice(at, end).toLowerCase() === 'secrets'
      if (isContext) take(nameAfter(text, end), at)
      at = end
      before = char
    } else {
      if (!isBlank(char)) before = char
      at += 1
    }
  }
  return text.length
}

const nameAfter = (text: string, from: number): string => {
  const at = afterBlanks(text, from)
  const next = afterBlanks(text, at + 1)
  if (text[at] === '.') return text.slice(next, endOfWord(text, next)).toUpperCase() || ALL_SECRETS
  if (text[at] !== '[' || text[next] !== "'") return ALL_SECRETS
  const end = endOfQuoted(text, next)
  const name = text.slice(next + 1, end - 1)
  return text[afterBlanks(text, end)] === ']' && [...name].every(isWordPart) ? name.toUpperCase() : ALL_SECRETS
}

const endOfQuoted = (text: string, start: number): number => {
  const end = text.indexOf("'", start + 1)
  return end === -1 ? text.length : end + 1
}

const endOfWord = (text: string, start: number): number => {
  let at = start
  while (at < text.length && isWordPart(text[at] ?? '')) at += 1
  return at
}

const afterBlanks = (text: string, start: number): number => {
  let at = start
  while (at < text.length && isBlank(text[at] ?? '')) at += 1
  return at
}

const isWordPart = (char: string): boolean => WORD.test(char)
const isBlank = (char: string): boolean => BLANK.test(char)
const WORD = /^[A-Za-z0-9_-]$/
const BLANK = /^\s$/
