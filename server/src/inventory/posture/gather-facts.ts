import type { AnyDb } from '../../kit/database.ts'
import type { Identity, Team } from '../domain/identity.ts'
import { daysAfter } from '../domain/moment.ts'
import type { Sighting } from '../domain/sighting.ts'
import type { PosturePorts } from '../room.ts'
import { childrenOf } from '../store-identity.ts'
import { sightingsOfAll } from '../store-sighting.ts'
import { teamsById, teamsNamed } from '../store-team.ts'
import type { PostureFacts } from './identity-sighting.ts'
import { LIMITS } from './limits.ts'

const SIGHTINGS_MAX = 50

/** What the rooms know of these identities: each room is asked once for all of them, however many they are. */
export const gatherFacts = async (
  db: AnyDb,
  ports: PosturePorts,
  identities: readonly Identity[],
  now: Date,
): Promise<readonly PostureFacts[]> => {
  const ids = identities.map(({ id }) => id)
  const teams = await teamsById(
    db,
    identities.map(({ ownerId }) => ownerId),
  )
  const credentials = await ports.credentials(db, identities, now)
  const grants = await ports.grants(db, ids)
  const used = await ports.usedActions(db, ids, daysAfter(now, -LIMITS.usedWithinDays))
  const people = await ports.usedByPeople(db, ids, daysAfter(now, -LIMITS.personUseDays))
  const children = await childrenOf(db, ids)
  const sightings = await sightingsOfAll(db, ids, SIGHTINGS_MAX)
  const hinted = await teamsHinted(db, [...sightings.values()].flat())
  return identities.map((identity) => ({
    identity,
    seenUnits: unitsOf(sightings.get(identity.id) ?? [], hinted),
    ownerName: teams.get(identity.ownerId)?.name ?? identity.ownerId,
    credentials: credentials.get(identity.id)?.held ?? [],
    refused: credentials.get(identity.id)?.refused ?? [],
    grants: grants.get(identity.id) ?? [],
    // Where nobody reports what it did, nothing is known to be unused.
    usedActions: used.get(identity.id),
    usedByPeople: people.get(identity.id) ?? [],
    children: children.get(identity.id) ?? 0,
    sightings: sightings.get(identity.id) ?? [],
  }))
}

/** The teams that owners of sightings name, by the hint; `@acme/payments` is the team `payments`. */
const teamsHinted = async (db: AnyDb, sightings: readonly Sighting[]): Promise<ReadonlyMap<string, Team>> => {
  const hints = [...new Set(sightings.flatMap(({ ownerHint }) => ownerHint?.value ?? []))]
  const teams = await teamsNamed(db, hints.map(nameIn))
  return new Map(
    hints.flatMap((hint) => {
      const team = teams.get(nameIn(hint))
      return team === undefined ? [] : [[hint, team] as const]
    }),
  )
}

const nameIn = (hint: string): string => hint.slice(hint.lastIndexOf('/') + 1).replace(/^@/, '')

const unitsOf = (sightings: readonly Sighting[], hinted: ReadonlyMap<string, Team>) =>
  sightings.flatMap(({ ownerHint, goneAt, source, name }) => {
    const team = goneAt === null ? hinted.get(ownerHint?.value ?? '') : undefined
    return team === undefined ? [] : [{ unit: team.businessUnit, because: `${team.name} owns ${name} (${source})` }]
  })
