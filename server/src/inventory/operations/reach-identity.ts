import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import type { Subject } from '../../kit/operation.ts'
import { placeText, type Sighting } from '../domain/sighting.ts'
import { impactOf } from '../impact.ts'
import { operation } from '../room.ts'
import type { InventoryTables } from '../schema.ts'
import { aliasesOf } from '../store-alias.ts'
import { findIdentity } from '../store-identity.ts'
import { sightingsReaching, sightingsSharing } from '../store-reach.ts'
import { sightingsOfIdentity } from '../store-sighting.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

const EACH_MAX = 100

const Other = z.object({
  name: z.string(),
  identity: z.string().nullable(),
  sighting: z.string().nullable(),
  because: z.string(),
})
type Other = z.infer<typeof Other>

/** Tells where an identity comes from, where its secrets lie, who uses it, what it reaches, and what reaches it. */
export const reachIdentity = operation.read({
  name: 'inventory.identity.reach',
  summary: 'show who made an identity, where its secrets lie, who uses it, what it reaches, and what reaches it',
  input: z.strictObject({ identity: reference('identity') }),
  output: z.object({
    identity: z.object({ id: z.string(), name: z.string() }),
    creators: z.array(z.object({ who: z.string(), because: z.string() })),
    secrets: z.array(z.object({ place: z.string(), provider: z.string(), type: z.string(), tail: z.string() })),
    users: z.array(Other),
    reaches: z.array(z.object({ what: z.string(), access: z.string(), because: z.string() })),
    reachedBy: z.array(Other),
  }),
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input, ports, now, sees }) => {
    const identity = await needIdentity(db, input.identity)
    const sightings = await sightingsOfIdentity(db, identity.id, EACH_MAX)
    const living = sightings.filter(({ goneAt }) => goneAt === null)
    const impact = await impactOf(db, ports, identity, { now, sees })
    const aliases = await aliasesOf(db, identity.id, { after: { sinceMs: -1, id: '' }, limit: EACH_MAX })
    const parent = identity.parentId === null ? undefined : await findIdentity(db, identity.parentId)
    const names = [
      ...[identity.name, identity.id, ...living.flatMap(({ name, stableKey, keys }) => [name, stableKey, ...keys])],
      ...aliases.filter(({ ended }) => ended === null).map(({ key }) => key),
    ]
    const own = living.map(({ id }) => id)
    const visible = visibleTo(db, sees, identity.id)
    return {
      output: {
        identity: { id: identity.id, name: identity.name },
        creators: [
          ...(identity.createdBy === null ? [] : [{ who: identity.createdBy, because: 'registered it' }]),
          ...(parent === undefined ? [] : [{ who: parent.name, because: 'it is its parent' }]),
          ...living.flatMap(({ creator, source }) =>
            creator === null ? [] : [{ who: creator, because: `says ${source}` }],
          ),
        ],
        secrets: secretsAt(living).slice(0, EACH_MAX),
        users: [
          ...(await visible(await sightingsSharing(db, own, EACH_MAX), 'it has a secret of this identity')),
          ...impact.dependants.map(({ name, id, because }) => ({
            ...{ name, identity: id, sighting: null },
            because: `this identity is its ${because}`,
          })),
          ...impact.recentUse.flatMap(({ instance }) =>
            instance === null
              ? []
              : [{ name: instance, identity: null, sighting: null, because: 'an instance that was seen lately' }],
          ),
        ],
        reaches: [
          ...impact.grants.map(({ resource, actions }) => ({
            what: resource,
            access: actions.join(', '),
            because: 'a grant',
          })),
          ...impact.recentUse.map(({ resource, action, at }) => ({
            ...{ what: resource, access: action ?? 'unknown' },
            because: `it was used there at ${at}`,
          })),
          ...living.flatMap(({ reaches, source }) =>
            reaches.map(({ what, access, because }) => ({ what, access, because: `${source}: ${because}` })),
          ),
        ].slice(0, EACH_MAX),
        reachedBy: [
          ...(await visible(await sightingsReaching(db, [...new Set(names)], EACH_MAX), 'it reaches this identity')),
          ...(parent === undefined
            ? []
            : [{ name: parent.name, identity: parent.id, sighting: null, because: 'it is its parent' }]),
        ],
      },
    }
  },
})

/** A secret at a place is told once, however many facts about it, or sightings of it, say so. */
const secretsAt = (sightings: readonly Sighting[]) => {
  const told = new Map<string, { place: string; provider: string; type: string; tail: string }>()
  for (const { credential, where } of sightings.flatMap(({ traits }) => traits)) {
    if (credential === undefined) continue
    const place = placeText(where)
    const key = `${credential.fingerprint} ${place}`
    const { provider, type, tail } = credential
    if (!told.has(key)) told.set(key, { place, provider, type, tail })
  }
  return [...told.values()]
}

/** Others, but this identity itself and those that the caller may not know of. */
const visibleTo =
  (db: Handle<InventoryTables>, sees: (subject: Subject) => boolean, self: string) =>
  async (sightings: readonly Sighting[], because: string): Promise<readonly Other[]> => {
    const told: Other[] = []
    for (const { id, name, identityId } of sightings) {
      if (identityId === self) continue
      const identity = identityId === null ? undefined : await findIdentity(db, identityId)
      if (identity !== undefined && !sees(identitySubject(identity))) continue
      told.push({ name, identity: identityId, sighting: id, because })
    }
    return told
  }
