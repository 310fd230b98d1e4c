import { guessEnvironment } from '../environment.ts'
import type { ScannedFile } from '../file.ts'
import type { Kind, Reach, Trait } from '../report.ts'
import type { SightingDraft } from '../source.ts'

/** What a record of an export tells of an identity. */
export interface SeenInExport {
  readonly kind: Kind
  readonly name: string
  readonly key: string
  readonly line: number
  readonly evidence: string
  readonly reaches?: readonly Reach[]
  readonly traits?: readonly Trait[]
  /** Whom the export names as its owner, and where it says so. */
  readonly owner?: { readonly value: string; readonly because: string }
}

/** As a sighting of its file. */
export const seenIn = (file: ScannedFile, seen: SeenInExport): SightingDraft => ({
  kind: seen.kind,
  name: seen.name,
  stableKey: seen.key,
  where: file.at(seen.line),
  reaches: seen.reaches ?? [],
  evidence: [seen.evidence],
  environment: guessEnvironment([{ name: seen.name, what: 'the name' }]),
  ...(seen.owner && seen.owner.value !== '' ? { ownerHint: seen.owner } : {}),
  traits: seen.traits ?? [],
})

/** Whether a file may be an export of JSON that has one of these words in it: all that a file of another kind costs. */
export const isExportWith = (file: ScannedFile, words: readonly string[]): boolean =>
  EXTENSIONS.has(file.extension) && words.some((word) => file.bytes.includes(word))

const EXTENSIONS = new Set(['json', 'jsonl', 'ndjson'])
