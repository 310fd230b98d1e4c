/** One `NAME=value` of a `.env` file. */
export interface EnvLine {
  readonly name: string
  readonly value: string
  readonly line: number
}

/** Reads a `.env` file line by line; what is no assignment is told by its line number, never by its text. */
export const parseEnv = (text: string): { settings: EnvLine[]; badLines: number[] } => {
  const settings: EnvLine[] = []
  const badLines: number[] = []
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const match = ASSIGNMENT.exec(trimmed)
    if (!match) {
      badLines.push(index + 1)
      continue
    }
    const [, name = '', written = ''] = match
    const quote = written[0] ?? ''
    const number = index + 1
    if (QUOTES.has(quote)) {
      // A quoted value may go on over lines, as private keys do.
      let whole = written
      while (!isClosed(whole, quote) && index + 1 < lines.length && whole.length < VALUE_CHARS_MAX) {
        index += 1
        whole += `\n${lines[index] ?? ''}`
      }
      if (!isClosed(whole, quote)) badLines.push(number)
      else settings.push({ name, value: whole.slice(1, closingOf(whole, quote)), line: number })
    } else {
      settings.push({ name, value: withoutComment(written), line: number })
    }
  }
  return { settings, badLines }
}

const VALUE_CHARS_MAX = 32_768
const QUOTES = new Set(['"', "'", '`'])
const ASSIGNMENT = /^(?:export[ \t]{1,8})?([A-Za-z_][\w.-]{0,200})[ \t]{0,8}=[ \t]{0,8}(.*)$/

const withoutComment = (written: string): string => {
  const at = written.search(/[ \t]#/)
  return (at === -1 ? written : written.slice(0, at)).trim()
}

const closingOf = (value: string, quote: string): number => {
  for (let at = 1; at < value.length; at += 1) {
    if (value[at] === '\\' && quote === '"') at += 1
    else if (value[at] === quote) return at
  }
  return -1
}

const isClosed = (value: string, quote: string): boolean => closingOf(value, quote) !== -1
