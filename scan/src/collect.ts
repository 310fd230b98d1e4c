import { sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type AllowedBy, allowedBy } from './allow-comments.ts'
import { scanArchive } from './archive/scan-archive.ts'
import { hasHistory } from './history/git-objects.ts'
import { type HistoryShown, scanHistory, secretKey } from './history/scan-history.ts'
import type { FileSighting } from './merge-sightings.ts'
import { type OwnerOf, readCodeowners } from './owners.ts'
import {
  type Batch,
  type FileToRead,
  type KeptFile,
  type ReadSettings,
  readBatch,
  type Shown,
  withoutClaimed,
} from './read-batch.ts'
import { readTogether } from './read-together.ts'
import { printable } from './redacting.ts'
import type { AllowedFinding, Problem, SkippedFolder } from './report.ts'
import { repositoriesOnTheWay } from './repositories-on-the-way.ts'
import type { Fact } from './source.ts'
import { startThreads, type Threads } from './threads.ts'
import { type WalkLimits, walk } from './walk.ts'

/** What all files together showed, before it is judged. */
export interface Collected {
  sightings: FileSighting[]
  /** By source. */
  readonly facts: Map<string, Fact[]>
  readonly otherForms: Shown['otherForms']
  readonly problems: Problem[]
  readonly skipped: SkippedFolder[]
  /** By repository: who owns which path. */
  readonly owners: Map<string, OwnerOf>
  /** By path: what comments allow there. */
  readonly allowed: Map<string, AllowedBy>
  /** What comments allowed in earlier versions of files. */
  readonly allowedInHistory: AllowedFinding[]
  readonly archives: FileToRead[]
  /** What is read when all files are there. */
  readonly kept: KeptFile[]
  keptChars: number
  files: number
  bytes: number
}

export interface CollectOptions {
  readonly settings: ReadSettings
  readonly limits: WalkLimits
  readonly threads: Threads | undefined
  /** Whether every version of every file that its repositories ever had is searched as well, and where git is looked for. */
  readonly history: { readonly searchPath: string } | undefined
  onFile(path: string): void
}

/** Walks the paths, and lets every source read every file that it wants, on every processor when there are many. */
export const collect = async (paths: readonly string[], options: CollectOptions): Promise<Collected> => {
  const all = nothingCollected()
  const readers = readersOf(options)
  const repositories = repositoriesOnTheWay()
  // In the order of the walk, whichever thread is done first.
  const inOrder: Promise<Shown>[] = []
  const takeDone = async (left: number): Promise<void> => {
    while (inOrder.length > left) addShown(all, await (inOrder.shift() ?? Promise.reject()))
  }
  let batch: (FileToRead | { problem: Problem })[] = []
  try {
    for (const walked of walk(paths, options.limits)) {
      if (walked.type === 'folder') await repositories.enter(walked)
      else if (walked.type === 'skipped') all.skipped.push({ ...walked.skipped, path: printable(walked.skipped.path) })
      else if (walked.type === 'problem') batch.push({ problem: walked.problem })
      else {
        const { repository, inRepository } = repositories.known(walked) ?? (await repositories.of(walked))
        batch.push({ path: walked.path, real: walked.real, repository, repositoryPath: inRepository })
      }
      if (batch.length < BATCH_FILES) continue
      inOrder.push(readers.read(batch))
      batch = []
      // What other threads answered comes in here.
      await setImmediate()
      await takeDone(WAITING_MAX)
    }
    inOrder.push(readers.read(batch))
    await takeDone(0)
    for (const archive of all.archives) addShown(all, await scanArchive(archive, options.settings))
    addTogether(all, options.settings)
  } finally {
    await readers.close()
  }
  if (options.history) await addHistories(all, repositories.tops(), options.settings, options.history.searchPath)
  return all
}

const addHistories = async (
  all: Collected,
  tops: ReturnType<ReturnType<typeof repositoriesOnTheWay>['tops']>,
  settings: ReadSettings,
  searchPath: string,
): Promise<void> => {
  const kept = tops.filter(({ top }) => hasHistory(top))
  for (const repository of kept) addHistory(all, await scanHistory(repository, settings, searchPath))
  // Beside repositories lie loose files, of which no history is to be had.
  for (const { top, path } of tops)
    if (!kept.some((one) => one.top === top || one.top.startsWith(`${top}${sep}`)))
      all.problems.push({ path: printable(path), reason: 'incomplete', detail: 'no git history here' })
}

// What is still there is found there: history says of it since when.
const addHistory = (all: Collected, { sightings, problems, allowed }: HistoryShown): void => {
  const present = new Set(all.sightings.map(secretKey))
  const byOthers = toldByOthers(all)
  for (const one of sightings) {
    const [trait] = one.draft.traits
    const isBareName = trait?.trait === 'secret:assigned-secret'
    const by = isBareName ? byOthers.get(trait.credential?.fingerprint ?? '') : undefined
    const isPresent = present.has(secretKey(one))
    // Only what history adds: the rest is told better by whoever knows which program has it.
    if (by && !isPresent)
      all.sightings.push({ ...by, draft: { ...by.draft, traits: [], evidence: one.draft.evidence.slice(-1) } })
    else all.sightings.push(isPresent ? { source: one.source, draft: { ...one.draft, traits: [] } } : one)
  }
  all.problems.push(...problems)
  all.allowedInHistory.push(...allowed)
}

// By fingerprint of a secret in each form that it has in files: whose it is, as another source than that of bare names says.
const toldByOthers = ({ sightings, otherForms }: Collected): ReadonlyMap<string, FileSighting> => {
  const told = new Map<string, FileSighting>()
  for (const one of sightings)
    if (one.source !== 'secrets')
      for (const { credential } of one.draft.traits) if (credential) told.set(credential.fingerprint, one)
  for (const { written, told: as } of otherForms) {
    const by = told.get(as)
    if (by) told.set(written, by)
  }
  return told
}

const BATCH_FILES = 32
// How many batches are kept, read or not, while an earlier one is not done.
const WAITING_MAX = 64
// Starting a thread takes as long as reading some hundred files.
const FILES_BEFORE_THREADS = 512
const BYTES_BEFORE_THREADS = 8_000_000

/** What nothing shows, to begin with. */
export const nothingCollected = (): Collected => ({
  sightings: [],
  facts: new Map(),
  otherForms: [],
  problems: [],
  skipped: [],
  owners: new Map(),
  allowed: new Map(),
  allowedInHistory: [],
  archives: [],
  kept: [],
  keptChars: 0,
  files: 0,
  bytes: 0,
})

/** Hands batches to other threads where there are any, and else reads them here. */
const readersOf = ({ settings, threads: given, onFile }: CollectOptions) => {
  let own: Threads | undefined
  let filesHere = 0
  let bytesHere = 0
  return {
    read(batch: Batch): Promise<Shown> {
      const there = (given ?? own)?.read(batch, settings)
      if (there) {
        // A failure is met where its turn is; until then it must not end the process.
        there.catch(() => {})
        for (const item of batch) if ('path' in item) onFile(item.path)
        return there
      }
      const shown = readBatch(batch, settings, onFile)
      filesHere += shown.files
      bytesHere += shown.bytes
      const isLarge = filesHere >= FILES_BEFORE_THREADS || bytesHere >= BYTES_BEFORE_THREADS
      if (!given && !own && isLarge) own = startThreads()
      return Promise.resolve(shown)
    },
    close: async () => own?.close(),
  }
}

/** Reads what was kept until all files are there, and adds what it shows. */
export const addTogether = (all: Collected, settings: ReadSettings): void => {
  const kept = all.kept.splice(0)
  if (kept.length === 0) return
  addShown(all, readTogether(kept, settings))
  all.sightings = [...withoutClaimed(all.sightings)]
}

// All of it is in memory at once.
const KEPT_CHARS_MAX = 64 * 1024 * 1024

/** Adds what some files showed. */
export const addShown = (all: Collected, shown: Shown): void => {
  for (const sighting of shown.sightings) all.sightings.push(sighting)
  for (const problem of shown.problems) all.problems.push(problem)
  for (const form of shown.otherForms) all.otherForms.push(form)
  for (const { source, fact } of shown.facts) {
    const known = all.facts.get(source) ?? []
    known.push(fact)
    all.facts.set(source, known)
  }
  for (const [path, marks] of shown.allowMarks) all.allowed.set(path, allowedBy(marks))
  for (const { repository, text } of shown.codeowners) {
    const ownerOf = readCodeowners(text)
    all.owners.set(repository, (path) => {
      const found = ownerOf(path)
      return found && { ...found, owner: printable(found.owner) }
    })
  }
  for (const archive of shown.archives) all.archives.push(archive)
  for (const file of shown.kept) {
    all.keptChars += file.text.length
    if (all.keptChars <= KEPT_CHARS_MAX) all.kept.push(file)
    else
      all.problems.push({
        path: printable(file.path),
        reason: 'too-large',
        detail: `more than ${KEPT_CHARS_MAX} characters of code in all: searched for secrets, but not read as code`,
      })
  }
  all.files += shown.files
  all.bytes += shown.bytes
}
