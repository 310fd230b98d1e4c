import { allowedBy } from '../allow-comments.ts'
import { isBinary } from '../file.ts'
import type { FileSighting } from '../merge-sightings.ts'
import { nothingShown, type ReadSettings, readBytes } from '../read-batch.ts'
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
): Promise<HistoryShown> => {
  const problems: Problem[] = []
  const found = new Map<string, Found>()
  const allowed = new Map<string, AllowedFinding>()
  const objects = openGitObjects(repository.top, searchPath)
  const left = { binary: 0, unread: 0 }
  try {
    const versions = await versionsOf(objects.changes())
    for await (const { blob, bytes } of objects.contents(versions.keys(), settings.fileBytesMax)) {
      const version = versions.get(blob)
      if (!version) continue
      if (bytes === undefined) left.unread += 1
      else if (isBinary(bytes)) left.binary += 1
      else readVersion(version, bytes, repository, settings, { found, allowed, problems })
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

const readVersion = (
  { change, last }: Version,
  bytes: Buffer,
  { name, path: top }: { readonly name: string; readonly path: string },
  settings: ReadSettings,
  into: { found: Map<string, Found>; allowed: Map<string, AllowedFinding>; problems: Problem[] },
): void => {
  const shown = nothingShown()
  // Not the path of the file as it is now, whose lines and comments are others.
  const names = {
    path: `${top}/${change.path}@${change.commit.slice(0, 12)}`,
    repository: name,
    repositoryPath: change.path,
  }
  readBytes(names, bytes, { ...settings, sources: [secretsSource] }, shown)
  const isAllowed = allowedBy(shown.allowMarks[0]?.[1] ?? new Map())
  for (const sighting of shown.sightings) {
    const key = secretKey(sighting)
    const [trait] = sighting.draft.traits
    const rule = (trait?.trait ?? '').replace(':', 's/')
    const by = trait && isAllowed(rule, trait.where.line)
    // A comment that came later allows the versions before it.
    if (trait && by !== undefined) into.allowed.set(key, { rule, where: trait.where, by })
    const known = into.found.get(key)
    if (!known) into.found.set(key, { sighting, first: change, last })
    else if (last.at >= known.last.at) known.last = last
  }
}

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
