/** One statement of SQL, as words and quoted texts, with the line that it starts on. */
export interface SqlStatement {
  readonly line: number
  readonly words: readonly string[]
}

/** Cuts a dump into its statements: quotes and comments are known, nothing else of the language. */
export const statementsOf = (text: string): SqlStatement[] => {
  const statements: SqlStatement[] = []
  let words: string[] = []
  let line = 1
  let first = 1
  for (let at = 0; at < text.length && statements.length < STATEMENTS_MAX; ) {
    const { word, isEnd, end } = pieceAt(text, at)
    if (word !== undefined && words.length === 0) first = line
    if (isEnd) {
      if (words.length > 0) statements.push({ line: first, words })
      words = []
    } else if (word !== undefined && words.length < WORDS_MAX) words.push(word)
    line += end === at + 1 ? Number(text[at] === '\n') : linesIn(text.slice(at, end))
    at = end
  }
  return statements
}

// The next word, the end of a statement, or what is between: a blank or a comment.
const pieceAt = (text: string, at: number): { readonly word?: string; readonly isEnd?: true; readonly end: number } => {
  const char = text[at] ?? ''
  if (/\s/.test(char)) return { end: at + 1 }
  if (text.startsWith('--', at)) return { end: endOr(text.indexOf('\n', at), text) }
  if (text.startsWith('/*', at)) return { end: commentEnd(text, at) }
  if (char === ';') return { isEnd: true, end: at + 1 }
  const [word, end] = char === "'" || char === '"' || char === '`' ? quoted(text, at, char) : plain(text, at)
  return { word, end }
}

const STATEMENTS_MAX = 100_000
const WORDS_MAX = 200
const endOr = (at: number, text: string): number => (at === -1 ? text.length : at)
const commentEnd = (text: string, at: number): number => {
  const end = text.indexOf('*/', at + 2)
  return end === -1 ? text.length : end + 2
}
const linesIn = (text: string): number => text.split('\n').length - 1

const quoted = (text: string, start: number, mark: string): readonly [string, number] => {
  const pieces: string[] = []
  for (let from = start + 1; ; ) {
    const end = text.indexOf(mark, from)
    if (end === -1) return ['', text.length]
    pieces.push(text.slice(from, end))
    if (text[end + 1] !== mark) return [pieces.join(mark), end + 1]
    from = end + 2
  }
}

const plain = (text: string, start: number): readonly [string, number] => {
  let end = start
  while (end < text.length && /[^\s;'"`(),@]/.test(text[end] ?? '')) end += 1
  return end === start ? [text[start] ?? '', start + 1] : [text.slice(start, end), end]
}
