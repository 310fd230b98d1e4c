import { basename, dirname } from 'node:path'
import { type AllowedBy, readAllowComments } from './allow-comments.ts'
import { type ScannedFile, scannedFile } from './file.ts'
import type { FileSighting } from './merge-sightings.ts'
import { isCodeownersPath, type OwnerOf, readCodeowners } from './owners.ts'
import { printable, redacting } from './redacting.ts'
import type { Problem, SkippedFolder } from './report.ts'
import { isRepositoryTop, pathIn, type Repository, repositoryAbove, repositoryAt } from './repository.ts'
import type { Fact, Source } from './source.ts'
import { type Place, type WalkLimits, walk } from './walk.ts'
import { yamlProblems } from './yaml-file.ts'

/** What all files together showed, before it is judged. */
export interface Collected {
  readonly sightings: FileSighting[]
  /** By source. */
  readonly facts: Map<string, Fact[]>
  readonly problems: Problem[]
  readonly skipped: SkippedFolder[]
  /** By repository: who owns which path. */
  readonly owners: Map<string, OwnerOf>
  /** By path: what comments allow there. */
  readonly allowed: Map<string, AllowedBy>
  files: number
  bytes: number
}

export interface CollectOptions {
  readonly salt: string
  readonly now: Date
  readonly sources: readonly Source[]
  readonly limits: WalkLimits
}

/** Walks the paths, and lets every source read every file that it wants; one file is in memory at a time. */
export const collect = async (paths: readonly string[], options: CollectOptions): Promise<Collected> => {
  const all: Collected = {
    sightings: [],
    facts: new Map(),
    problems: [],
    skipped: [],
    owners: new Map(),
    allowed: new Map(),
    files: 0,
    bytes: 0,
  }
  const repositories = repositoriesOnTheWay()
  for await (const walked of walk(paths, options.limits)) {
    if (walked.type === 'problem') all.problems.push({ ...walked.problem, path: printable(walked.problem.path) })
    else if (walked.type === 'skipped') all.skipped.push({ ...walked.skipped, path: printable(walked.skipped.path) })
    else if (walked.type === 'folder') await repositories.enter(walked)
    else {
      const { path, bytes } = walked
      const { repository, inRepository } = await repositories.of(walked)
      all.files += 1
      all.bytes += bytes.length
      readFile(scannedFile({ path, repository, repositoryPath: inRepository }, bytes), options, all)
    }
  }
  return all
}

const readFile = (file: ScannedFile, { salt, now, sources }: CollectOptions, all: Collected): void => {
  const door = redacting(salt)
  const sightings: FileSighting[] = []
  const problems: Problem[] = []
  const facts: { source: string; fact: Fact }[] = []
  for (const source of sources) {
    try {
      if (!source.wants(file)) continue
      const answer = source.read(file, { seal: door.seal, now })
      sightings.push(...answer.sightings.map((draft) => ({ source: source.name, draft })))
      problems.push(...answer.problems)
      facts.push(...(answer.facts ?? []).map((fact) => ({ source: source.name, fact })))
    } catch (error) {
      // One source that fails on one file must not cost the others theirs; what it threw may quote the file.
      const kind = error instanceof Error ? error.name : 'an unknown error'
      problems.push({ path: file.path, reason: 'source-failed', detail: `source ${source.name} failed: ${kind}` })
    }
  }
  problems.push(...yamlProblems(file))
  if (isCodeownersPath(file.repositoryPath)) {
    const ownerOf = readCodeowners(file.text)
    all.owners.set(printable(file.repository), (path) => {
      const found = ownerOf(path)
      return found && { ...found, owner: printable(found.owner) }
    })
  }
  const kept = withoutClaimed(sightings).map(({ source, draft }) => ({ source, draft: door.sighting(draft) }))
  all.sightings.push(...kept)
  all.problems.push(...problems.map(door.problem))
  for (const { source, fact } of facts) {
    const known = all.facts.get(source) ?? []
    known.push(door.fact(fact))
    all.facts.set(source, known)
  }
  const path = kept[0]?.draft.where.path
  if (path !== undefined) all.allowed.set(path, readAllowComments(file))
}

// A literal that only its name gives away is no identity of its own where another source says which program has it.
const withoutClaimed = (sightings: readonly FileSighting[]): FileSighting[] => {
  const keyOf = (line: number, fingerprint: string) => `${line} ${fingerprint}`
  const claimed = new Set(
    sightings
      .filter(({ source }) => source !== 'secrets')
      .flatMap(({ draft }) => draft.traits)
      .flatMap(({ credential, where }) => (credential ? [keyOf(where.line, credential.fingerprint)] : [])),
  )
  return sightings.filter(({ source, draft }) => {
    const [trait] = draft.traits
    if (source !== 'secrets' || trait?.trait !== 'secret:assigned-secret' || !trait.credential) return true
    return !claimed.has(keyOf(trait.where.line, trait.credential.fingerprint))
  })
}

/** Knows which repository each place lies in: the nearest folder above it that looks like the top of one. */
const repositoriesOnTheWay = () => {
  const byFolder = new Map<string, Repository>()
  const topOf = new Map<string, string>()
  // Two folders of one name are two repositories: their identities must not become one.
  const toldApart = (repository: Repository): Repository => {
    const { name, top } = repository
    const known = topOf.get(name)
    if (known === undefined) topOf.set(name, top)
    return known === undefined || known === top
      ? repository
      : toldApart({ name: `${basename(dirname(top))}/${name}`, top })
  }
  return {
    async enter({ real, path, root, names }: Place & { names: readonly string[] }): Promise<void> {
      const above = path === root ? undefined : byFolder.get(dirname(real))
      const own = isRepositoryTop(real, names) ? await repositoryAt(real) : undefined
      byFolder.set(real, toldApart(own ?? above ?? (await repositoryAbove(real))))
    },
    async of({ real }: Place): Promise<{ repository: string; inRepository: string }> {
      const known = byFolder.get(dirname(real))
      const repository = known ?? toldApart(await repositoryAbove(dirname(real)))
      return { repository: repository.name, inRepository: pathIn(repository, real) }
    },
  }
}
