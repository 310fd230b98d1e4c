import type { ScannedFile } from '../../file.ts'

/** One object of a directory, as LDIF (RFC 2849) has it. */
export interface LdifEntry {
  /** By attribute, in lower case and without options; what is binary is hex. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly line: number
  /** Attributes of which the directory handed out a part only ([MS-ADTS] §3.1.1.3.1.3.3). */
  readonly cut: readonly string[]
}

const ENTRIES_MAX = 200_000
/** Of one attribute of one object. */
const VALUES_MAX = 20_000

/** The objects of a file. Linear. */
export const ldifEntriesOf = (file: ScannedFile): LdifEntry[] => {
  const entries: LdifEntry[] = []
  let values = new Map<string, string[]>()
  let cut: string[] = []
  let first = 1
  const end = (next: number) => {
    if (values.size > 0) entries.push({ values, line: first, cut })
    values = new Map()
    cut = []
    first = next
  }
  for (const { text, line } of unfolded(file.text())) {
    if (entries.length >= ENTRIES_MAX) break
    if (text === '') end(line + 1)
    const at = text.indexOf(':')
    if (at <= 0 || text.startsWith('#')) continue
    const [name = '', ...options] = text.slice(0, at).toLowerCase().split(';')
    if (options.some((option) => /^range=\d{1,9}-\d{1,9}$/.test(option))) cut.push(name)
    const isBase64 = text[at + 1] === ':'
    const value = text.slice(at + (isBase64 ? 2 : 1)).trim()
    const plain = isBase64 ? Buffer.from(value, 'base64').toString(BINARY.has(name) ? 'hex' : 'utf8') : value
    const known = values.get(name) ?? []
    if (known.length < VALUES_MAX) known.push(plain)
    values.set(name, known)
  }
  end(0)
  return entries
}

// A line that begins with a space goes on with the one before it.
const unfolded = (ldif: string): readonly { readonly text: string; readonly line: number }[] => {
  const lines: { text: string; line: number }[] = []
  for (const [at, text] of ldif.split('\n').entries()) {
    const before = lines.at(-1)
    if (text.startsWith(' ') && before && before.text.length < 100_000) before.text += text.slice(1).trimEnd()
    else lines.push({ text: text.trimEnd(), line: at + 1 })
  }
  return lines
}

const BINARY = new Set(['objectguid', 'objectsid', 'msds-groupmsamembership'])
