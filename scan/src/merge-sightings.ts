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
  const byKey = new Map<string, Sighting>()
  for (const one of seen) {
    const sighting = withOwner(one, owners)
    const known = byKey.get(sighting.stableKey)
    byKey.set(sighting.stableKey, known ? joined(known, sighting) : sighting)
  }
  return [...byKey.values()]
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

const joined = (first: Sighting, second: Sighting): Sighting => {
  // What a live system says leads; what somebody only remembers never does, where a system says something too.
  const isSecondLeading = rankOf(second) > rankOf(first)
  return together(isSecondLeading ? second : first, isSecondLeading ? first : second)
}

const usualStanding = new Map(sources.map(({ name, standing }) => [name, standing]))
const standingOf = ({ standing, source }: Sighting): Standing | undefined => standing ?? usualStanding.get(source)

const rankOf = (sighting: Sighting): number => {
  if (sighting.source === attestedSource.name) return 0
  const standing = standingOf(sighting)
  return standing === 'live' || standing === 'both' ? 2 : 1
}

const together = (known: Sighting, more: Sighting): Sighting => ({
  ...known,
  name: isNameless(known) && !isNameless(more) ? more.name : known.name,
  alsoAt: [...known.alsoAt, ...more.alsoAt, ...(isSame(known.where, more.where) ? [] : [more.where])],
  reaches: distinct([...known.reaches, ...more.reaches], ({ what, access }) => `${access} ${what}`),
  evidence: distinct([...known.evidence, ...more.evidence], (line) => line),
  // Whatever is also in production counts as there.
  environment: more.environment?.value === 'production' ? more.environment : (known.environment ?? more.environment),
  ownerHint: known.ownerHint ?? more.ownerHint,
  traits: [...known.traits, ...more.traits],
  ...furtherOf(known, more),
})

// Some files say no more than the id: a grant is told under it, and the list of applications has the name.
const isNameless = ({ name, stableKey }: Sighting): boolean =>
  name.endsWith(` ${stableKey.slice(stableKey.indexOf(':') + 1)}`)

const furtherOf = (known: Sighting, more: Sighting): Pick<Sighting, 'keys' | 'standing' | 'creator'> => {
  const keys = distinct([...(known.keys ?? []), ...(more.keys ?? [])], (key) => key)
  const creator = known.creator ?? more.creator
  // Only what differs is written: else the source says it.
  const [one, other] = [standingOf(known), standingOf(more)]
  const standing =
    known.source === more.source && known.standing === undefined && more.standing === undefined
      ? undefined
      : one === undefined || other === undefined || one === other
        ? (one ?? other)
        : 'both'
  return {
    ...(keys.length === 0 ? {} : { keys }),
    ...(creator === undefined ? {} : { creator }),
    ...(standing === undefined ? {} : { standing }),
  }
}

const isSame = (a: Location, b: Location): boolean => a.path === b.path && a.line === b.line

const distinct = <Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
]
