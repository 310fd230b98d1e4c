import type { ScannedFile } from './file.ts'
import type { CredentialType, Location, Problem, SeenCredential, Sighting, Standing } from './report.ts'

/** Where identities are seen: one folder under `sources/` each, listed in `sources/registry.ts`. */
export interface Source {
  readonly name: string
  /** What it reads, where that is always the same; where one of a scan's sources is of another, its sightings say so. */
  readonly standing?: Standing
  /** Cheap: whether this file may hold something for this source. */
  wants(file: ScannedFile): boolean
  /** What is in the file. It may throw: the scan names the file and goes on. */
  read(file: ScannedFile, tools: SourceTools): SourceAnswer
  /**
   * Instead of `read`, where what one file says hangs on others: given all that it wants, it makes groups of them, each of
   * which is read with a door of its own. Pure; it may throw for a group.
   */
  readTogether?(files: readonly ScannedFile[]): Iterable<ReadGroup>
  /** What only all files together tell: its sightings, joined by key, with what their facts add; and new ones. Pure. */
  relate?(sightings: readonly Sighting[], facts: readonly Fact[]): Related
}

/** Reads files that make up one thing. */
export type ReadGroup = (tools: SourceTools) => SourceAnswer

/** What a source is handed: it has no other way to keep a secret. */
export interface SourceTools {
  /** Turns a secret into what a report may know, and makes sure that this file's report never shows it. */
  seal(secret: string, as: { type: CredentialType; provider: string }): SeenCredential
  readonly now: Date
}

/** What all files together told. */
export interface Related {
  readonly sightings: readonly Sighting[]
  readonly problems: readonly Problem[]
}

/** What a file says that belongs to no identity by itself: a role, say, that a binding in another file names. */
export interface Fact {
  readonly type: string
  /** Each at most 300 characters: what is longer is cut, as everywhere in a report. */
  readonly fields: Readonly<Record<string, string>>
  readonly where: Location
}

/**
 * That a secret is told by what it says, while the file holds it in another form: base64, say. INVARIANT: never the secret,
 * only fingerprints of it.
 */
export interface OtherForm {
  readonly where: Location
  /** Of what stands in the file. */
  readonly written: string
  /** Of the credential that a trait tells. */
  readonly told: string
}

/** What one file showed; owners and repositories are added by the scan. */
export interface SourceAnswer {
  readonly sightings: readonly SightingDraft[]
  readonly problems: readonly Problem[]
  readonly facts?: readonly Fact[]
  readonly otherForms?: readonly OtherForm[]
}

export type SightingDraft = Omit<Sighting, 'source' | 'repository' | 'alsoAt' | 'ownerHint'> & {
  readonly ownerHint?: Sighting['ownerHint']
}
