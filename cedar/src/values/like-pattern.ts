/** Part of a pattern: any characters, or these. */
export type PatternPart = 'Wildcard' | { Literal: string }

/** Makes the test whether a text is like a pattern. */
export const likePattern = (parts: readonly PatternPart[]): ((text: string) => boolean) => likePieces(piecesOf(parts))

/** The texts between the wildcards of a pattern. */
export const piecesOf = (parts: readonly PatternPart[]): readonly string[] => {
  const pieces = ['']
  for (const part of parts) {
    if (part === 'Wildcard') pieces.push('')
    else pieces.push(`${pieces.pop() ?? ''}${part.Literal}`)
  }
  return pieces
}

/** Makes the test whether a text has these pieces in their order, with anything between them and nothing around them. */
export const likePieces = (pieces: readonly string[]): ((text: string) => boolean) => {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  const middle = rest.filter((piece) => piece !== '')
  // Each piece is taken where it first fits, which leaves the most room for the others; so no piece is tried twice.
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    const end = text.length - last.length
    let from = first.length
    for (const piece of middle) {
      const at = text.indexOf(piece, from)
      if (at < 0 || at + piece.length > end) return false
      from = at + piece.length
    }
    // Beginning and end must not overlap.
    return from <= end
  }
}
