import { allowedBy } from '../allow-comments.ts'
import { type ArchiveBudget, type ArchiveLimits, archiveBudget } from '../archive/archive-entry.ts'
import { archiveKindOf } from '../archive/archive-kind.ts'
import { ARCHIVE_LIMITS, scanArchiveBytes } from '../archive/scan-archive.ts'
import { isBinary } from '../file.ts'
import type { FileSighting } from '../merge-sightings.ts'
import { nothingShown, type ReadSettings, readBytes, type Shown } from '../read-batch.ts'
import { printable } from '../redacting.ts'
import type { AllowedFinding, Problem } from '../report.ts'
import { secretsSource } from '../sources/secrets/source.ts'
import { type Change, openGitObjects } from './git-objects.ts'

/** What a repository's history showed: each secret once. */
export interface HistoryShown {
  readonly sightings: FileSighting[]
  readonly problems: Problem[]
  readonly allowed: AllowedFinding[]
}

interface Version {
  readonly change: Change
  /** The last commit that brought the same bytes again. */
  last: Change
}

interface Found {
  readonly sighting: FileSighting
  readonly first: Change
  last: Change
}

/** Looks for secrets in every version of every file that a repository ever had. */
export const scanHistory = async (
  repository: { readonly name: string; readonly top: string; readonly path: string },
  settings: ReadSettings,
  searchPath: string,
  archiveLimits: ArchiveLimits = HISTORY_LIMITS,
): Promise<HistoryShown> => {
  const problems: Problem[] = []
  const found = new Map<string, Found>()
  const allowed = new Map<string, AllowedFinding>()
  const objects = openGitObjects(repository.top, searchPath)
  const into = { found, allowed, problems }
  const left = { binary: 0, unread: 0, archives: 0 }
  const budget = archiveBudget(archiveLimits)
  let isEmpty = false
  const take = async (version: Version, bytes: Buffer | undefined): Promise<void> => {
    if (bytes === undefined) left.unread += 1
    else if (archiveKindOf(bytes)) {
      // What all archives may take is gone with the first that finds nothing left.
      if (isEmpty) left.archives += 1
      else isEmpty = !(await readArchive(version, bytes, repository, settings, into, budget))
    } else if (isBinary(bytes)) left.binary += 1
    else readVersion(version, bytes, repository, settings, into)
  }
  try {
    const versions = await versionsOf(objects.changes())
    for await (const { blob, bytes } of objects.contents(versions.keys(), settings.fileBytesMax)) {
      const version = versions.get(blob)
      if (version) await take(version, bytes)
    }
  } catch (error) {
    const kind = error instanceof Error ? error.message : 'an unknown error'
    problems.push({
      path: printable(repository.path),
      reason: 'incomplete',
      detail: `history not wholly read: ${kind}`,
    })
  } finally {
    objects.close()
  }
  if (left.unread > 0)
    problems.push(problem(repository.path, `history: ${left.unread} versions are too large, or not in the repository`))
  if (left.archives > 0)
    problems.push(
      problem(repository.path, `history: ${left.archives} further archives are not looked into`, 'too-many'),
    )
  if (left.binary > 0) problems.push(problem(repository.path, `history: ${left.binary} versions are no text`, 'binary'))
  for (const key of allowed.keys()) found.delete(key)
  return { sightings: [...found.values()].map(withCommits), problems, allowed: [...allowed.values()] }
}

const problem = (path: string, detail: string, reason: Problem['reason'] = 'incomplete'): Problem => ({
  path: printable(path),
  reason,
  detail,
})

// The same bytes are read once, however often they come back.
const versionsOf = async (changes: AsyncIterable<Change>): Promise<Map<string, Version>> => {
  const versions = new Map<string, Version>()
  for await (const change of changes) {
    const known = versions.get(change.blob)
    if (known) known.last = change
    else versions.set(change.blob, { change, last: change })
  }
  return versions
}

interface Into {
  readonly found: Map<string, Found>
  readonly allowed: Map<string, AllowedFinding>
  readonly problems: Problem[]
}

const readVersion = (
  version: Version,
  bytes: Buffer,
  repository: { readonly name: string; readonly path: string },
  settings: ReadSettings,
  into: Into,
): void => {
  const shown = nothingShown()
  readBytes(namesOf(version, repository), bytes, { ...settings, sources: [secretsSource] }, shown)
  addShown(version, shown, into)
}

// Whether there is something left for the next one.
const readArchive = async (
  version: Version,
  bytes: Buffer,
  repository: { readonly name: string; readonly path: string },
  settings: ReadSettings,
  into: Into,
  budget: ArchiveBudget,
): Promise<boolean> => {
  const secrets = { ...settings, sources: [secretsSource] }
  const shown = await scanArchiveBytes(namesOf(version, repository), bytes, secrets, budget)
  addShown(version, shown, into)
  for (const one of shown.problems) if (into.problems.length < PROBLEMS_MAX) into.problems.push(one)
  try {
    budget.takeBytes(0)
    budget.takeEntry()
    return true
  } catch {
    return false
  }
}

// Not the path of the file as it is now, whose lines and comments are others.
const namesOf = ({ change }: Version, { name, path: top }: { readonly name: string; readonly path: string }) => ({
  path: `${top}/${change.path}@${change.commit.slice(0, 12)}`,
  repository: name,
  repositoryPath: change.path,
})

const addShown = ({ change, last }: Version, { sightings, allowMarks }: Shown, into: Into): void => {
  const marks = new Map(allowMarks.map(([path, lines]) => [path, allowedBy(lines)]))
  for (const sighting of sightings) {
    const key = secretKey(sighting)
    const [trait] = sighting.draft.traits
    const rule = (trait?.trait ?? '').replace(':', 's/')
    const by = trait && marks.get(trait.where.path)?.(rule, trait.where.line)
    // A comment that came later allows the versions before it.
    if (trait && by !== undefined) into.allowed.set(key, { rule, where: trait.where, by })
    const known = into.found.get(key)
    if (!known) into.found.set(key, { sighting, first: change, last })
    else if (last.at >= known.last.at) known.last = last
  }
}

/** Of all archives that a history has, however many: one of them has limits of its own. */
const HISTORY_LIMITS: ArchiveLimits = { ...ARCHIVE_LIMITS, totalBytesMax: 1024 * 1024 * 1024, entriesMax: 200_000 }
const PROBLEMS_MAX = 200

/** What makes two sightings one secret. */
export const secretKey = ({ draft }: FileSighting): string =>
  `${draft.stableKey} ${draft.traits.map(({ credential }) => credential?.fingerprint ?? '').join(' ')}`

const withCommits = ({ sighting, first, last }: Found): FileSighting => {
  const when = `in git history: added by commit ${named(first)}, last in ${named(last)}`
  return {
    source: sighting.source,
    draft: {
      ...sighting.draft,
      evidence: [...sighting.draft.evidence, when],
      traits: sighting.draft.traits.map((trait) => ({ ...trait, detail: `${trait.detail}; ${when}` })),
    },
  }
}

const named = ({ commit, at }: Change): string => `${commit.slice(0, 12)} of ${at.toISOString().slice(0, 10)}`
