import type { Transaction } from 'kysely'
import { z } from 'zod'
import { Fault } from '../../kit/fault.ts'
import type { Signal } from '../../kit/operation.ts'
import { undone } from '../../kit/undone.ts'
import { bindSighting } from '../bind-sighting.ts'
import { adoptedName, adoptedNameOf } from '../domain/adopted-name.ts'
import { KINDS } from '../domain/identity.ts'
import type { Sighting } from '../domain/sighting.ts'
import { environment, identityFields } from '../identity-shape.ts'
import { register } from '../registration.ts'
import { type InventoryPorts, operation } from '../room.ts'
import type { InventoryTables } from '../schema.ts'
import { findIdentity } from '../store-identity.ts'
import { unmanagedWhere } from '../store-sighting.ts'
import { seenTeam } from '../subject.ts'
import { line, reference } from '../texts.ts'

const LIMIT_MAX = 200

const { name: _name, kind: _kind, parent: _parent, ...given } = identityFields

/** Makes identities of all sightings that a rule fits. */
export const adoptMany = operation.write({
  name: 'inventory.adoption.create',
  summary: 'make identities of all unmanaged sightings that a rule fits; what their tier wants approved is requested',
  principals: ['human'],
  input: z.strictObject({
    where: z
      .strictObject({
        source: line('source', 100).optional(),
        kind: z.enum(KINDS).optional(),
        environment: environment.optional(),
        repository: line('repository', 300).optional(),
        ownerHint: line('ownerHint', 300).optional().describe('the owner that the scan guessed'),
        nameBegins: line('nameBegins', 100).optional(),
      })
      .refine((rule) => Object.keys(rule).length > 0, 'a rule says what it fits'),
    as: z
      .strictObject({
        ...given,
        owner: reference('owner'),
        environment: environment.optional().describe('of those whose scan could not tell theirs'),
      })
      .describe('what all of them get; name, kind and environment are as seen'),
    limit: z.number().int().min(1).max(LIMIT_MAX).default(100),
    dryRun: z.boolean().default(false),
  }),
  output: z.object({
    adopted: z.array(
      z.object({ sighting: z.string(), identity: z.string(), name: z.string(), state: z.string(), tier: z.string() }),
    ),
    skipped: z.array(z.object({ sighting: z.string(), name: z.string(), because: z.string() })),
    hasMore: z.boolean().describe('the rule fits more than this call looked at'),
  }),
  faults: [],
  on: async ({ tx, input, sees }) => {
    const { id } = await seenTeam(tx, sees, input.as.owner)
    return {
      type: 'Identity',
      id: null,
      name: null,
      environment: input.as.environment ?? null,
      team: id,
      tags: input.as.tags,
    }
  },
  run: async ({ tx, input, caller, now, newId, ports }) => {
    const found = await unmanagedWhere(tx, input.where, input.limit + 1)
    const { belongings } = ports
    const told: Signal[] = []
    const each = { tx, as: input.as, now, newId, by: caller.actor.id, belongings, told }
    const work = async () => {
      const results: Result[] = []
      for (const sighting of found.slice(0, input.limit)) results.push(await adopt(sighting, each))
      return results
    }
    const results = input.dryRun ? await undone(tx, work) : await work()
    const adopted = results.flatMap((result) => ('identity' in result ? [result] : []))
    const skipped = results.flatMap((result) => ('because' in result ? [result] : []))
    return {
      output: { adopted, skipped, hasMore: found.length > input.limit },
      change: input.dryRun ? [] : adopted.map(({ name, identity }) => ({ field: name, before: null, after: identity })),
      evidence: { adopted: adopted.length, skipped: skipped.length, dryRun: input.dryRun },
      signals: input.dryRun ? [] : [...adopted.map(({ identity }) => ({ topic: 'identity', key: identity })), ...told],
    }
  },
})

type Result =
  | { sighting: string; identity: string; name: string; state: string; tier: string }
  | { sighting: string; name: string; because: string }

interface Adopting {
  readonly tx: Transaction<InventoryTables>
  readonly as: Omit<z.infer<z.ZodObject<typeof given>>, 'environment' | 'owner'> & {
    readonly owner: string
    readonly environment?: string | undefined
  }
  readonly now: Date
  readonly by: string | null
  readonly belongings: InventoryPorts['belongings']
  /** What replicas must be told, as it comes. */
  readonly told: Signal[]
  newId(prefix: string): string
}

const adopt = async (sighting: Sighting, { tx, as, now, by, newId, belongings, told }: Adopting): Promise<Result> => {
  const { id, name, stableKey, kind } = sighting
  const skipped = (because: string): Result => ({ sighting: id, name, because })
  const where = sighting.environment ?? as.environment
  if (where === undefined)
    return skipped('the scan could not tell its environment, and the rule says none: give it as.environment')
  const plain = adoptedName(name)
  const free = (await findIdentity(tx, plain)) === undefined ? plain : adoptedNameOf(name, stableKey)
  try {
    const wanted = { ...as, name: free, kind, environment: where }
    const made = await register(wanted, { tx, now, newId, by, spawner: null, approve: async () => undefined })
    told.push(...((await bindSighting(sighting, made, { tx, now, by, newId, because: 'adopted', belongings })) ?? []))
    return { sighting: id, identity: made.id, name: made.name, state: made.state, tier: made.tier }
  } catch (error) {
    // A fault is thrown before anything of this one is written: it is what the caller is told of it.
    if (error instanceof Fault) return skipped(error.message)
    throw error
  }
}
