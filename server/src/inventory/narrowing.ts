import type { Handle } from '../kit/database.ts'
import type { Place, Sought, TextSought } from './domain/search.ts'
import { wordTerm } from './domain/terms.ts'
import type { InventoryTables } from './schema.ts'
import { namesOfTermBetween, namesUnderTerm, namesWithRow } from './store-search.ts'

type Db = Handle<InventoryTables>

/** Those of the places for which everything that is sought holds, in their order. */
export const holding = async (db: Db, sought: Sought, places: readonly Place[]): Promise<readonly Place[]> => {
  const under: Under = sought.sort === 'name' ? underInOrder : namesUnderTerm
  const { terms, row } = looksFor(sought)
  let names = places.map((place) => place.name)
  for (const term of terms) names = within(names, await under(db, term, names))
  if (sought.text !== undefined) names = within(names, await holdingText(db, under, sought.text, names))
  if (row !== undefined) names = within(names, await namesWithRow(db, names, row))
  const left = new Set(names)
  return places.filter((place) => left.has(place.name))
}

/** How many looks one name costs at most: one a term or word, two for its row, which lies apart from its index. */
export const looksPerName = (sought: Sought): number => {
  const { terms, row } = looksFor(sought)
  const words = sought.text === undefined ? 0 : Math.max(1, sought.text.words.length)
  return terms.length + words + (row === undefined ? 0 : 2)
}

/** Conditions that the row tells as well are looked up there at once, where there are several of them. */
const looksFor = ({ terms, ranges }: Sought) => {
  const columns = terms.flatMap(({ column }) => column ?? [])
  if (ranges.length > 0 || columns.length > 1)
    return {
      terms: terms.filter(({ column }) => column === undefined).map(({ term }) => term),
      row: { columns, ranges },
    }
  return { terms: terms.map(({ term }) => term), row: undefined }
}

/** Those of the names that are under a term. */
type Under = (db: Db, term: string, names: readonly string[]) => Promise<ReadonlySet<string>>

/**
 * As `namesUnderTerm`, for names in order: what the term has between the first and the last is read in one go, which
 * is cheaper than a look for each; where it has more than there are names, the rest is looked up.
 */
const underInOrder: Under = async (db, term, names) => {
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return new Set()
  const read = await namesOfTermBetween(db, term, { first, last }, names.length)
  const reached = read.at(-1)
  if (read.length < names.length || reached === undefined) return new Set(read)
  const beyond = names.filter((name) => name > reached)
  return new Set([...read, ...(await namesUnderTerm(db, term, beyond))])
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
