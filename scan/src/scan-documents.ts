import { addShown, addTogether, nothingCollected } from './collect.ts'
import { scannedFile } from './file.ts'
import { nothingShown, readBytes } from './read-batch.ts'
import type { ScanReport } from './report.ts'
import { checkSalt, FILE_BYTES_MAX, reportOf, type ScanOptions } from './scan.ts'
import { sources as everySource } from './sources/registry.ts'

/** A text that came from elsewhere than a file: an answer of a live system, in the form of its export. */
export interface TextDocument {
  /** What it is called in the report, as a file's path is. */
  readonly path: string
  readonly text: string
}

/** Scans texts as `scan` does files of these names that lie together. */
export const scanDocuments = (
  documents: readonly TextDocument[],
  options: Pick<ScanOptions, 'salt' | 'now' | 'sources'>,
): ScanReport => {
  checkSalt(options.salt)
  const { salt, now, sources = everySource } = options
  const settings = { salt, now, sources, fileBytesMax: FILE_BYTES_MAX }
  const all = nothingCollected()
  for (const { path, text } of documents) {
    const shown = nothingShown()
    const names = { path, repository: '', repositoryPath: path }
    const bytes = Buffer.from(text)
    readBytes(names, bytes, settings, shown)
    // A file may be anything; an answer in a form that nobody knows is one that was not read.
    if (!sources.some((source) => source.wants(scannedFile(names, bytes))))
      shown.problems.push({ path, reason: 'unreadable', detail: 'an answer in a form that no parser knows' })
    // Nobody writes an allow comment into an answer but whoever names things there, to hide them.
    addShown(all, { ...shown, allowMarks: [], codeowners: [] })
  }
  addTogether(all, settings)
  return reportOf(all, [], options)
}
