import type { Location } from './report.ts'

/** A file in memory, decoded as it is asked for. */
export interface ScannedFile {
  /** As the user would type it: the root as it was given, and the way from there. */
  readonly path: string
  readonly baseName: string
  /** Lower case, without the dot; empty when there is none. */
  readonly extension: string
  /** Name of the repository, and the way from its top: the same wherever the scan is run from. */
  readonly repository: string
  readonly repositoryPath: string
  readonly bytes: Buffer
  /** One character a byte, so that offsets are byte offsets: what the secret detectors read. */
  latin1(): string
  text(): string
  lineAt(offset: number): number
  at(line: number): Location
}

/** Makes a file out of bytes that were read; UTF-16 becomes UTF-8 first, so that one secret has one form. */
export const scannedFile = (
  names: Pick<ScannedFile, 'path' | 'repository' | 'repositoryPath'>,
  read: Buffer,
): ScannedFile => {
  const bytes = toUtf8(read)
  const baseName = names.path.slice(names.path.lastIndexOf('/') + 1)
  const dot = baseName.lastIndexOf('.')
  // INVARIANT: no getters here. V8 makes a shape of its own for each object that has any, and keeps it, with all that the
  // object holds, until the next full collection: a thread would carry the texts of a thousand files.
  let latin1: string | undefined
  let text: string | undefined
  let lineStarts: number[] | undefined
  return {
    ...names,
    baseName,
    extension: dot > 0 ? baseName.slice(dot + 1).toLowerCase() : '',
    bytes,
    latin1() {
      latin1 ??= bytes.toString('latin1')
      return latin1
    },
    text() {
      text ??= bytes.toString('utf8')
      return text
    },
    lineAt(offset) {
      lineStarts ??= lineStartsOf(bytes)
      return lineOf(lineStarts, offset)
    },
    at: (line) => ({ path: names.path, line, repository: names.repository, inRepository: names.repositoryPath }),
  }
}

/** Whether these bytes are no text: a NUL in the first 8 KiB, as git judges, unless the file says it is UTF-16. */
export const isBinary = (bytes: Buffer): boolean => !utf16Of(bytes) && bytes.subarray(0, 8192).includes(0)

const utf16Of = (bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return undefined
}

const toUtf8 = (bytes: Buffer): Buffer => {
  const encoding = utf16Of(bytes)
  if (encoding) return Buffer.from(new TextDecoder(encoding).decode(bytes), 'utf8')
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return hasMark ? bytes.subarray(3) : bytes
}

const lineStartsOf = (bytes: Buffer): number[] => {
  const starts = [0]
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return starts
}

const lineOf = (starts: readonly number[], offset: number): number => {
  let low = 0
  let high = starts.length
  while (low + 1 < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}
