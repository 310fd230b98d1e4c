import { readAllowComments } from './allow-comments.ts'
import { type ScannedFile, scannedFile } from './file.ts'
import type { FileSighting } from './merge-sightings.ts'
import { isCodeownersPath } from './owners.ts'
import { type ReadText, textReader } from './read-text.ts'
import { printable, redacting } from './redacting.ts'
import type { Location, Problem } from './report.ts'
import type { Fact, OtherForm, Source, SourceTools } from './source.ts'
import { yamlProblems } from './yaml-file.ts'

/** A file that is to be read: where it lies, and in which repository. */
export interface FileToRead {
  readonly path: string
  readonly real: string
  readonly repository: string
  readonly repositoryPath: string
}

/** A file that says its part only beside others: it is read when all are there. */
export interface KeptFile extends Pick<ScannedFile, 'path' | 'repository' | 'repositoryPath'> {
  readonly text: string
  /** The names of those that want it. */
  readonly sources: readonly string[]
}

/** What is read in one go, in the order of the walk, with what the walk itself had to say there. */
export type Batch = readonly (FileToRead | { readonly problem: Problem })[]

/** What some files showed; it can be sent from one thread to another. */
export interface Shown {
  readonly sightings: FileSighting[]
  readonly facts: { readonly source: string; readonly fact: Fact }[]
  readonly otherForms: Pick<OtherForm, 'written' | 'told'>[]
  readonly problems: Problem[]
  /** By path: the lines that comments mark. */
  readonly allowMarks: (readonly [path: string, marks: ReadonlyMap<number, string>])[]
  readonly codeowners: { readonly repository: string; readonly text: string }[]
  /** What is looked into when all else is read: that takes waiting. */
  readonly archives: FileToRead[]
  readonly kept: KeptFile[]
  files: number
  bytes: number
}

export interface ReadSettings {
  readonly salt: string
  readonly now: Date
  readonly sources: readonly Source[]
  readonly fileBytesMax: number
}

/** Reads the files of a batch one after the other; one is in memory at a time. */
export const readBatch = (batch: Batch, settings: ReadSettings, onFile: (path: string) => void = () => {}): Shown => {
  const shown = nothingShown()
  const read = readerFor(settings.fileBytesMax)
  for (const item of batch) {
    if ('problem' in item) {
      shown.problems.push({ ...item.problem, path: printable(item.problem.path) })
      continue
    }
    onFile(item.path)
    const bytes = read(item)
    if (bytes === 'archive') shown.archives.push(item)
    else if (!Buffer.isBuffer(bytes)) shown.problems.push({ ...bytes, path: printable(bytes.path) })
    else readBytes(item, bytes, settings, shown)
  }
  return shown
}

/** What nothing shows, to begin with. */
export const nothingShown = (): Shown => ({
  sightings: [],
  facts: [],
  otherForms: [],
  problems: [],
  allowMarks: [],
  codeowners: [],
  archives: [],
  kept: [],
  files: 0,
  bytes: 0,
})

// One place in memory for all files of this thread.
let reader: { readonly fileBytesMax: number; readonly read: ReadText } | undefined
const readerFor = (fileBytesMax: number): ReadText => {
  if (reader?.fileBytesMax !== fileBytesMax) reader = { fileBytesMax, read: textReader(fileBytesMax) }
  return reader.read
}

/** Lets every source read the bytes of one file, and adds what they show. */
export const readBytes = (
  names: Pick<ScannedFile, 'path' | 'repository' | 'repositoryPath'>,
  bytes: Buffer,
  { salt, now, sources }: ReadSettings,
  shown: Shown,
): void => {
  shown.files += 1
  shown.bytes += bytes.length
  const file = scannedFile(names, bytes)
  const door = redacting(salt)
  const { sightings, problems, facts, otherForms, keptFor } = readBySources(file, sources, { seal: door.seal, now })
  if (keptFor.length > 0) shown.kept.push({ ...names, text: file.text(), sources: keptFor })
  problems.push(...yamlProblems(file))
  if (isCodeownersPath(file.repositoryPath))
    shown.codeowners.push({ repository: printable(file.repository), text: file.text() })
  if (sightings.length + problems.length + facts.length === 0) return
  const kept = withoutClaimed(sightings, otherForms).map(({ source, draft }) => ({
    source,
    draft: door.sighting(draft),
  }))
  shown.sightings.push(...kept)
  shown.problems.push(...problems.map(door.problem))
  for (const { source, fact } of facts) shown.facts.push({ source, fact: door.fact(fact) })
  for (const { written, told } of otherForms) shown.otherForms.push({ written, told })
  const path = kept[0]?.draft.where.path
  if (path === undefined) return
  const marks = readAllowComments(file)
  if (marks.size > 0) shown.allowMarks.push([path, marks])
}

interface Told {
  readonly sightings: FileSighting[]
  readonly problems: Problem[]
  readonly facts: { source: string; fact: Fact }[]
  readonly otherForms: OtherForm[]
  /** The sources that read it together with other files. */
  readonly keptFor: string[]
}

const readBySources = (file: ScannedFile, sources: readonly Source[], tools: SourceTools): Told => {
  const told: Told = { sightings: [], problems: [], facts: [], otherForms: [], keptFor: [] }
  for (const source of sources) {
    try {
      if (source.wants(file)) readBy(source, file, tools, told)
    } catch (error) {
      // One source that fails on one file must not cost the others theirs; what it threw may quote the file.
      const kind = error instanceof Error ? error.name : 'an unknown error'
      told.problems.push({ path: file.path, reason: 'source-failed', detail: `source ${source.name} failed: ${kind}` })
    }
  }
  return told
}

const readBy = (source: Source, file: ScannedFile, tools: SourceTools, told: Told): void => {
  if (source.readTogether) {
    told.keptFor.push(source.name)
    return
  }
  const answer = source.read(file, tools)
  for (const draft of answer.sightings) told.sightings.push({ source: source.name, draft })
  told.problems.push(...answer.problems)
  for (const fact of answer.facts ?? []) told.facts.push({ source: source.name, fact })
  told.otherForms.push(...(answer.otherForms ?? []))
}

/** Without a literal that only its name gives away, where another source says which program has it. */
export const withoutClaimed = (
  sightings: readonly FileSighting[],
  otherForms: readonly OtherForm[] = [],
): readonly FileSighting[] => {
  const others = sightings.filter(({ source }) => source !== 'secrets')
  if (others.length === 0) return sightings
  const keyOf = ({ path, line }: Location, fingerprint: string) => `${line} ${fingerprint} ${path}`
  const claimed = new Set([
    ...others
      .flatMap(({ draft }) => draft.traits)
      .flatMap(({ credential, where }) => (credential ? [keyOf(where, credential.fingerprint)] : [])),
    ...otherForms.map(({ where, written }) => keyOf(where, written)),
  ])
  return sightings.filter(({ source, draft }) => {
    const [trait] = draft.traits
    if (source !== 'secrets' || trait?.trait !== 'secret:assigned-secret' || !trait.credential) return true
    return !claimed.has(keyOf(trait.where, trait.credential.fingerprint))
  })
}
