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
    const char = text[at] ?? ''
    if (char === '\n') line += 1
    if (/\s/.test(char)) at += 1
    else if (text.startsWith('--', at)) at = endOr(text.indexOf('\n', at), text)
    else if (text.startsWith('/*', at)) {
      const end = endOr(text.indexOf('*/', at + 2), text)
      line += linesIn(text.slice(at, end))
      at = end + 2
    } else if (char === ';') {
      if (words.length > 0) statements.push({ line: first, words })
      words = []
      at += 1
    } else {
      if (words.length === 0) first = line
      const [word, end] = char === "'" || char === '"' || char === '`' ? quoted(text, at, char) : plain(text, at)
      line += linesIn(text.slice(at, end))
      if (words.length < WORDS_MAX) words.push(word)
      at = end
    }
  }
  return statements
}

const STATEMENTS_MAX = 100_000
const WORDS_MAX = 200
const endOr = (at: number, text: string): number => (at === -1 ? text.length : at)
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
