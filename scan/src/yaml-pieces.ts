/** A part of a YAML file that is a document by itself. */
export interface YamlPiece {
  readonly text: string
  readonly firstLine: number
}

/**
 * Cuts a file at its document marks, which may stand at the start of a line nowhere else (YAML 1.2 §9.1.2); and a
 * list of objects that is longer than `charsMax`, as `kubectl get -o yaml` prints one, into its items.
 */
export function* yamlPieces(text: string, charsMax: number): Generator<YamlPiece> {
  let firstLine = 1
  for (const piece of cutBefore(text, '\n---')) {
    if (piece.length > charsMax && ITEMS.test(piece)) yield* itemsOf(piece, firstLine)
    else yield { text: piece, firstLine }
    firstLine += linesIn(piece)
  }
}

const ITEMS = /^items:[ \t]*$/m

function* itemsOf(document: string, documentLine: number): Generator<YamlPiece> {
  let firstLine = documentLine
  for (const piece of cutBefore(document, '\n- ')) {
    if (piece.startsWith('- ')) yield { text: ` ${piece.slice(1, endOfItem(piece))}`, firstLine }
    firstLine += linesIn(piece)
  }
}

// The keys behind the list, `kind: List` say, belong to no item.
const endOfItem = (item: string): number => {
  const end = item.search(/\n[a-z]/)
  return end === -1 ? item.length : end + 1
}

function* cutBefore(text: string, mark: string): Generator<string> {
  let start = 0
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
    if (at + 1 > start) yield text.slice(start, at + 1)
    start = at + 1
  }
  yield text.slice(start)
}

const linesIn = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
