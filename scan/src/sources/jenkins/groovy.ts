/** A piece of a Groovy program: code, or the text of a literal with whether it takes `${…}` in. */
export interface Piece {
  readonly type: 'code' | 'text'
  readonly text: string
  readonly line: number
  readonly isInterpolated: boolean
}

/** Cuts a program into code and literals; comments are left out. One pass, whatever is in it. */
export const groovyPieces = (program: string): Piece[] => {
  const pieces: Piece[] = []
  let line = 1
  let codeStart = 0
  const take = (type: Piece['type'], from: number, to: number, isInterpolated = false): void => {
    if (to <= from && type === 'code') return
    pieces.push({ type, text: program.slice(from, to), line, isInterpolated })
    line += linesIn(program, from, to)
  }
  for (let at = 0; at < program.length; ) {
    const comment = endOfComment(program, at)
    const quote = comment === undefined ? QUOTES.find((one) => program.startsWith(one, at)) : undefined
    if (comment === undefined && quote === undefined) {
      at += 1
      continue
    }
    take('code', codeStart, at)
    if (comment !== undefined) {
      line += linesIn(program, at, comment)
      at = comment
    } else if (quote !== undefined) {
      const end = endOfLiteral(program, at + quote.length, quote)
      take('text', at + quote.length, end, quote.startsWith('"'))
      at = end + quote.length
    }
    codeStart = at
  }
  take('code', codeStart, program.length)
  return pieces
}

const endOfComment = (program: string, at: number): number | undefined => {
  if (program[at] !== '/') return undefined
  const mark = program[at + 1]
  if (mark !== '/' && mark !== '*') return undefined
  const end = mark === '/' ? program.indexOf('\n', at) : program.indexOf('*/', at + 2)
  if (end === -1) return program.length
  return mark === '/' ? end : end + 2
}

const linesIn = (text: string, from: number, to: number): number => {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

const QUOTES = ["'''", '"""', "'", '"']

const endOfLiteral = (program: string, from: number, quote: string): number => {
  for (let at = from; at < program.length; at += 1) {
    if (program[at] === '\\') at += 1
    else if (program.startsWith(quote, at)) return at
    // A literal in single marks ends with its line: one that does not is broken, and must not swallow the rest.
    else if (program[at] === '\n' && quote.length === 1) return at
  }
  return program.length
}
