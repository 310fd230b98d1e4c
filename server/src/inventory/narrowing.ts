import type { Handle } from '../kit/database.ts'
import type { Place, Sought, TextSought } from './domain/search.ts'
import { wordTerm } from './domain/terms.ts'
import type { InventoryTables } from './schema.ts'
import { momentsOf, namesOfTermBetween, namesUnderTerm } from './store-search.ts'

type Db = Handle<InventoryTables>

/** Those of the places for which everything that is sought holds, in their order. */
export const holding = async (db: Db, sought: Sought, places: readonly Place[]): Promise<readonly Place[]> => {
  const under: Under = sought.sort === 'name' ? underInOrder : namesUnderTerm
  let names = places.map((place) => place.name)
  for (const term of sought.terms) names = within(names, await under(db, term, names))
  if (sought.text !== undefined) names = within(names, await holdingText(db, under, sought.text, names))
  if (sought.ranges.length > 0) {
    const moments = await momentsOf(db, names)
    names = names.filter((name) =>
      sought.ranges.every(({ column, before }) => (moments.get(name)?.[column] ?? before) < before),
    )
  }
  const left = new Set(names)
  return places.filter((place) => left.has(place.name))
}

/** Those of the names that are under a term. */
type Under = (db: Db, term: string, names: readonly string[]) => Promise<ReadonlySet<string>>

/**
 * As `namesUnderTerm`, for names in order: what the term has between the first and the last is read in one go, which
 * is cheaper than a look for each; where it has many more than there are names, the rest is looked up.
 */
const underInOrder: Under = async (db, term, names) => {
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return new Set()
  const max = names.length * 2
  const read = await namesOfTermBetween(db, term, { first, last }, max)
  const reached = read.at(-1)
  if (read.length < max || reached === undefined) return new Set(read)
  const beyond = await namesUnderTerm(
    db,
    term,
    names.filter((name) => name > reached),
  )
  return new Set([...read, ...beyond])
}

const holdingText = async (
  db: Db,
  under: Under,
  text: TextSought,
  names: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { prefix } = text
  const begin = prefix === undefined ? [] : names.filter((name) => name.startsWith(prefix))
  if (text.words.length === 0) return new Set(begin)
  let left = [...names]
  for (const word of text.words) left = within(left, await under(db, wordTerm(word), left))
  return new Set([...begin, ...left])
}

const within = (names: readonly string[], kept: ReadonlySet<string>): string[] => names.filter((name) => kept.has(name))
