/** Who owns a path, by the CODEOWNERS file of its repository; the last line that fits wins. */
export type OwnerOf = (pathInRepository: string) => { readonly owner: string; readonly line: number } | undefined

/** Reads a CODEOWNERS file. */
export const readCodeowners = (text: string): OwnerOf => {
  const rules = text
    .split(/\r?\n/)
    .slice(0, LINES_MAX)
    .map((line, index) => ({ words: withoutComment(line).split(/[ \t]+/), line: index + 1 }))
    .flatMap(({ words: [pattern = '', ...owners], line }) =>
      pattern === '' || pattern.startsWith('[') || pattern.startsWith('^[')
        ? []
        : [{ fits: matcher(pattern), owners, line }],
    )
    .reverse()
  return (path) => {
    const rule = rules.find(({ fits }) => fits(path))
    // A pattern without owners takes ownership away.
    const owner = rule?.owners[0]
    return rule && owner ? { owner, line: rule.line } : undefined
  }
}

/** Where GitHub and GitLab look for it. */
export const isCodeownersPath = (pathInRepository: string): boolean =>
  ['CODEOWNERS', '.github/CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'].includes(pathInRepository)

const LINES_MAX = 20_000

const withoutComment = (line: string): string => {
  const at = line.startsWith('#') ? 0 : line.search(/[ \t]#/)
  return (at === -1 ? line : line.slice(0, at)).trim()
}

// The rules of gitignore, as far as CODEOWNERS has them. Matched by hand: a pattern must not become a slow expression.
const matcher = (pattern: string): ((path: string) => boolean) => {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const parts = pattern.replace(/^\//, '').replace(/\/$/, '/**').split('/')
  const segments = isAnchored ? parts : ['**', ...parts]
  return (path) => {
    const names = path.split('/')
    return fitsSegments(segments, names) || fitsSegments([...segments, '**'], names)
  }
}

// Both lists are walked with one place to come back to, as for `*` in a name: linear but for the last `**`.
const fitsSegments = (segments: readonly string[], names: readonly string[]): boolean =>
  fitsGlob(
    segments,
    names,
    (segment) => segment === '**',
    (segment, name) =>
      fitsGlob(
        [...segment],
        [...name],
        (char) => char === '*',
        (char, other) => char === '?' || char === other,
      ),
  )

const fitsGlob = (
  pattern: readonly string[],
  text: readonly string[],
  isStar: (part: string) => boolean,
  fits: (part: string, other: string) => boolean,
): boolean => {
  let at = 0
  let from = 0
  let starAt = -1
  let starIn = 0
  while (from < text.length) {
    const part = pattern[at]
    if (part !== undefined && isStar(part)) {
      starAt = at
      starIn = from
      at += 1
    } else if (part !== undefined && fits(part, text[from] ?? '')) {
      at += 1
      from += 1
    } else if (starAt !== -1) {
      starIn += 1
      from = starIn
      at = starAt + 1
    } else {
      return false
    }
  }
  while (at < pattern.length && isStar(pattern[at] ?? '')) at += 1
  return at === pattern.length
}
