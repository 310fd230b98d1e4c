import type { Handle } from '../kit/database.ts'
import { isBefore, type Place, type RangeSought, type Sought, type TextSought } from './domain/search.ts'
import { wordTerm } from './domain/terms.ts'
import { holding, looksPerName } from './narrowing.ts'
import type { InventoryTables } from './schema.ts'
import { countOfTerm, momentsOf, namesInOrder, namesOfTerm, placesInOrder } from './store-search.ts'

type Db = Handle<InventoryTables>

/** One page, in order. `next` is where the next one begins, undefined at the end; a page may be shorter than asked. */
export interface FoundPage {
  readonly places: readonly Place[]
  readonly next: Place | undefined
}

/** The bounds on the work of one page. */
export interface SearchBounds {
  /** What is found by at most so many is gathered and sorted here; what more share is walked in the order of an index. */
  readonly rareMax: number
  /** Names looked up in one query. */
  readonly chunkMax: number
  /** Looks for one page, a name counted once for each condition: what seldom holds together gives short pages, not slow ones. */
  readonly looksMax: number
}

const BOUNDS: SearchBounds = { rareMax: 2000, chunkMax: 1000, looksMax: 3000 }
const START: Place = { key: -1, name: '' }

/**
 * Finds one page of what is sought. One condition leads: an index gives its names in the order of the list, and the
 * other conditions are looked up for those names alone. No query reads more than a bounded range of one index.
 */
export const findPage = async (
  db: Db,
  sought: Sought,
  after: Place | undefined,
  limit: number,
  bounds = BOUNDS,
): Promise<FoundPage> => {
  const { walk, rest } = await leader(db, sought, bounds)
  const found: Place[] = []
  let at = after ?? START
  const looksEach = looksPerName(rest)
  let looks = 0
  let chunk = looksEach === 0 ? limit + 1 : Math.min(bounds.chunkMax, 4 * (limit + 1))
  for (;;) {
    const places = await walk(at, chunk)
    found.push(...(looksEach === 0 ? places : await holding(db, rest, places)))
    at = places.at(-1) ?? at
    looks += places.length * looksEach
    const isAtEnd = places.length < chunk
    const last = found[limit - 1]
    if (found.length > limit && last !== undefined) return { places: found.slice(0, limit), next: last }
    if (isAtEnd) return { places: found, next: undefined }
    if (looks >= bounds.looksMax) return { places: found, next: at }
    chunk = Math.min(bounds.chunkMax, 2 * chunk)
  }
}

/** Places after this one, in order; fewer than `count` only at the end. */
type Walk = (after: Place, count: number) => Promise<readonly Place[]>

/** What gives the names, and what is left to hold of them. */
interface Leader {
  readonly walk: Walk
  readonly rest: Sought
}

const COLUMN = {
  lastUsedAt: 'used_at',
  expiresAt: 'expires_at',
  reviewAt: 'review_at',
  createdAt: 'created_at',
} as const

const leader = async (db: Db, sought: Sought, bounds: SearchBounds): Promise<Leader> =>
  sought.sort === 'name' ? leaderByName(db, sought, bounds) : leaderByMoment(db, sought, bounds, COLUMN[sought.sort])

const leaderByName = async (db: Db, sought: Sought, { rareMax }: SearchBounds): Promise<Leader> => {
  for (const range of sought.ranges) {
    const places = await placesInOrder(db, range.column, range, START, rareMax + 1)
    if (places.length > rareMax) continue
    const names = places.map((place) => place.name).sort(byBytes)
    return { walk: walkOf(names.map(placed)), rest: { ...sought, ranges: without(sought.ranges, range) } }
  }
  const counted = await fewest(db, sought, rareMax)
  if (counted !== undefined) return counted
  return {
    walk: async (after, count) => (await namesInOrder(db, { after: after.name }, count)).map(placed),
    rest: sought,
  }
}

const leaderByMoment = async (
  db: Db,
  sought: Sought,
  { rareMax, chunkMax }: SearchBounds,
  column: RangeSought['column'],
): Promise<Leader> => {
  const counted = await fewest(db, sought, rareMax)
  if (counted !== undefined && counted.count <= rareMax) {
    const gathered = await counted.walk(START, rareMax)
    return {
      walk: walkOf(
        await byMoment(
          db,
          gathered.map((place) => place.name),
          column,
          chunkMax,
        ),
      ),
      rest: counted.rest,
    }
  }
  const range = sought.ranges.find((each) => each.column === column)
  const owner = column === 'used_at' ? sought.terms.find((each) => each.column?.name === 'owner_id') : undefined
  return {
    walk: (after, count) => placesInOrder(db, column, { ...range, owner: owner?.column?.value }, after, count),
    rest: {
      ...sought,
      ranges: without(sought.ranges, range),
      terms: without(sought.terms, owner),
    },
  }
}

/** A leader by name, and how many it leads to, counted to just beyond what is rare. */
interface Counted extends Leader {
  readonly count: number
}

const fewest = async (db: Db, sought: Sought, rareMax: number): Promise<Counted | undefined> => {
  let best: Counted | undefined
  for (const term of sought.terms) {
    const count = await countOfTerm(db, term.term, best?.count ?? rareMax + 1)
    if (best === undefined || count < best.count)
      best = { count, walk: termWalk(db, term.term), rest: { ...sought, terms: without(sought.terms, term) } }
  }
  const { text } = sought
  if (text === undefined) return best
  const byText = await textLeader(db, sought, text, rareMax)
  return best === undefined || byText.count < best.count ? byText : best
}

const termWalk =
  (db: Db, term: string): Walk =>
  async (after, count) =>
    (await namesOfTerm(db, term, after.name, count)).map(placed)

/** Names by the rarest word of the text and names that begin with it, as one ordered walk. */
const textLeader = async (db: Db, sought: Sought, text: TextSought, rareMax: number): Promise<Counted> => {
  const { prefix } = text
  let word: { term: string; count: number } | undefined
  for (const term of text.words.map(wordTerm)) {
    const count = await countOfTerm(db, term, word?.count ?? rareMax + 1)
    if (word === undefined || count < word.count) word = { term, count }
  }
  const begin = prefix === undefined ? [] : await namesFrom(db, prefix, '', rareMax + 1)
  const others = text.words.filter((each) => wordTerm(each) !== word?.term)
  return {
    count: begin.length + (word?.count ?? 0),
    walk: async (after, count) => {
      const byWord = word === undefined ? [] : await namesOfTerm(db, word.term, after.name, count)
      const byPrefix = prefix === undefined ? [] : await namesFrom(db, prefix, after.name, count)
      return [...new Set([...byWord, ...byPrefix])].sort(byBytes).slice(0, count).map(placed)
    },
    // A name found by its beginning holds anyway, one found by this word needs the others.
    rest: { ...sought, text: others.length > 0 ? { words: others, prefix } : undefined },
  }
}

// Names have no character above `z`, so all that begin with the prefix come before the prefix with `{`.
const namesFrom = async (db: Db, prefix: string, after: string, count: number): Promise<string[]> => {
  if (after < prefix) return namesInOrder(db, { from: prefix, end: `${prefix}{` }, count)
  const names = after.startsWith(prefix) ? await namesInOrder(db, { after }, count) : []
  return names.filter((name) => name.startsWith(prefix))
}

const without = <T>(all: readonly T[], one: T | undefined): readonly T[] => all.filter((each) => each !== one)

const byMoment = async (
  db: Db,
  names: readonly string[],
  column: RangeSought['column'],
  chunkMax: number,
): Promise<readonly Place[]> => {
  const places: Place[] = []
  for (let start = 0; start < names.length; start += chunkMax)
    for (const [name, moments] of await momentsOf(db, names.slice(start, start + chunkMax)))
      places.push({ key: moments[column], name })
  return places.sort((one, other) => (isBefore(one, other) ? -1 : 1))
}

const walkOf =
  (places: readonly Place[]): Walk =>
  async (after, count) => {
    const start = places.findIndex((place) => isBefore(after, place))
    return start < 0 ? [] : places.slice(start, start + count)
  }

const placed = (name: string): Place => ({ key: 0, name })

// The databases compare names byte by byte; names are ASCII, where that is the order of code units.
const byBytes = (one: string, other: string): number => (one < other ? -1 : Number(one > other))
