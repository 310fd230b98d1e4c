import type { ScannedFile } from './file.ts'
import type { CredentialType, Problem, SeenCredential, Sighting } from './report.ts'

/** Where identities are seen: one folder under `sources/` each, listed in `sources/registry.ts`. */
export interface Source {
  readonly name: string
  /** Cheap: whether this file may hold something for this source. */
  wants(file: ScannedFile): boolean
  /** What is in the file. It may throw: the scan names the file and goes on. */
  read(file: ScannedFile, tools: SourceTools): SourceAnswer
}

/** What a source is handed: it has no other way to keep a secret. */
export interface SourceTools {
  /** Turns a secret into what a report may know, and makes sure that this file's report never shows it. */
  seal(secret: string, as: { type: CredentialType; provider: string }): SeenCredential
  readonly now: Date
}

/** What one file showed; owners and repositories are added by the scan. */
export interface SourceAnswer {
  readonly sightings: readonly SightingDraft[]
  readonly problems: readonly Problem[]
}

export type SightingDraft = Omit<Sighting, 'source' | 'repository' | 'alsoAt' | 'ownerHint'> & {
  readonly ownerHint?: Sighting['ownerHint']
}
