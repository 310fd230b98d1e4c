import type { Handle } from '../kit/database.ts'
import type { Scope } from '../kit/scope.ts'
import { isBefore, type Place, type Sought, type TermSought } from './domain/search.ts'
import { fieldTerm } from './domain/terms.ts'
import type { InventoryTables } from './schema.ts'
import { type FoundPage, findPage, type SearchBounds } from './search.ts'

/**
 * As `findPage`, of what the scope lets be seen: a page for each team, with its owner as one more condition, and of those
 * together as far as the one that got least far. A place beyond that one may lack others before it.
 */
export const findPageWithin = async (
  db: Handle<InventoryTables>,
  scope: Scope,
  sought: Sought,
  after: Place | undefined,
  limit: number,
  bounds?: SearchBounds,
): Promise<FoundPage> => {
  if (scope.all) return findPage(db, sought, after, limit, bounds)
  const found: Place[] = []
  let reached: Place | undefined
  for (const team of new Set(scope.teams)) {
    const page = await findPage(db, { ...sought, terms: [ownedBy(team), ...sought.terms] }, after, limit, bounds)
    found.push(...page.places)
    if (page.next !== undefined && (reached === undefined || isBefore(page.next, reached))) reached = page.next
  }
  const end = reached
  const places = found
    .filter((place) => end === undefined || !isBefore(end, place))
    .sort((one, other) => (isBefore(one, other) ? -1 : 1))
  if (places.length <= limit) return { places, next: end }
  return { places: places.slice(0, limit), next: places[limit - 1] }
}

/** That an identity is this team's. */
export const ownedBy = (team: string): TermSought => ({
  term: fieldTerm('owner', team),
  column: { name: 'owner_id', value: team },
})
