import type { OwnerOf } from './owners.ts'
import type { Location, Sighting, Standing } from './report.ts'
import type { SightingDraft } from './source.ts'
import { attestedSource } from './sources/attested/source.ts'
import { sources } from './sources/registry.ts'

/** A sighting as one file showed it. */
export interface FileSighting {
  readonly source: string
  readonly draft: SightingDraft
}

/** Joins what several files say of one identity, by its stable key and never by its name, and finds who owns it. */
export const mergeSightings = (seen: readonly FileSighting[], owners: ReadonlyMap<string, OwnerOf>): Sighting[] => {
  const byKey = new Map<string, Sighting[]>()
  for (const one of seen) {
    const sighting = withOwner(one, owners)
    const known = byKey.get(sighting.stableKey)
    if (known === undefined) byKey.set(sighting.stableKey, [sighting])
    else known.push(sighting)
  }
  return [...byKey.values()].flatMap(joined)
}

const withOwner = ({ source, draft }: FileSighting, owners: ReadonlyMap<string, OwnerOf>): Sighting => {
  const owner = owners.get(draft.where.repository)?.(draft.where.inRepository)
  return {
    ...draft,
    source,
    repository: draft.where.repository,
    alsoAt: [],
    ownerHint: draft.ownerHint ?? (owner ? { value: owner.owner, because: `CODEOWNERS line ${owner.line}` } : null),
  }
}

// In the order in which they were seen. A file may say one thing a hundred thousand times: lists are put together once for each
// leader, of which there are three at most.
const joined = ([first, ...others]: readonly Sighting[]): Sighting[] => {
  if (first === undefined) return []
  let leading = first
  let behind: Sighting[] = []
  // As what is behind it makes it.
  let standing = first.standing
  for (const next of others) {
    const so = { ...leading, standing }
    // What a live system says leads; what somebody only remembers never does, where a system says something too.
    if (rankOf(next) > rankOf(so)) {
      leading = together(next, [together(leading, behind)])
      behind = []
      standing = leading.standing
    } else {
      behind.push(next)
      standing = bothOf(so, next)
    }
  }
  return [together(leading, behind)]
}

const usualStanding = new Map(sources.map(({ name, standing }) => [name, standing]))
const standingOf = ({ standing, source }: Sighting): Standing | undefined => standing ?? usualStanding.get(source)

const rankOf = (sighting: Sighting): number => {
  if (sighting.source === attestedSource.name) return 0
  const standing = standingOf(sighting)
  return standing === 'live' || standing === 'both' ? 2 : 1
}

const together = (known: Sighting, more: readonly Sighting[]): Sighting => {
  if (more.length === 0) return known
  const all = [known, ...more]
  // Whatever is also in production counts as there.
  const inProduction = more.findLast(({ environment }) => environment?.value === 'production')
  return {
    ...known,
    name: all.find((one) => !isNameless(one))?.name ?? known.name,
    alsoAt: [
      ...known.alsoAt,
      ...more.flatMap(({ alsoAt, where }) => (isSame(known.where, where) ? alsoAt : [...alsoAt, where])),
    ],
    reaches: distinct(
      all.flatMap(({ reaches }) => reaches),
      ({ what, access }) => `${access} ${what}`,
    ),
    evidence: distinct(
      all.flatMap(({ evidence }) => evidence),
      (line) => line,
    ),
    environment: (inProduction ?? all.find(({ environment }) => environment))?.environment ?? null,
    ownerHint: all.find(({ ownerHint }) => ownerHint)?.ownerHint ?? null,
    traits: all.flatMap(({ traits }) => traits),
    ...furtherOf(known, more),
  }
}

// Some files say no more than the id: a grant is told under it, and the list of applications has the name.
const isNameless = ({ name, stableKey }: Sighting): boolean =>
  name.endsWith(` ${stableKey.slice(stableKey.indexOf(':') + 1)}`)

const furtherOf = (known: Sighting, more: readonly Sighting[]): Pick<Sighting, 'keys' | 'standing' | 'creator'> => {
  const all = [known, ...more]
  const keys = distinct(
    all.flatMap((one) => one.keys ?? []),
    (key) => key,
  )
  const creator = all.find((one) => one.creator !== undefined)?.creator
  const standing = more.reduce((so, one) => bothOf({ ...known, standing: so }, one), known.standing)
  return {
    ...(keys.length === 0 ? {} : { keys }),
    ...(creator === undefined ? {} : { creator }),
    ...(standing === undefined ? {} : { standing }),
  }
}

// Only what differs is written: else the source says it.
const bothOf = (known: Sighting, more: Sighting): Standing | undefined => {
  if (known.source === more.source && known.standing === undefined && more.standing === undefined) return undefined
  const [one, other] = [standingOf(known), standingOf(more)]
  return one === undefined || other === undefined || one === other ? (one ?? other) : 'both'
}

const isSame = (a: Location, b: Location): boolean => a.path === b.path && a.line === b.line

const distinct = <Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
]
