import type { z } from 'zod'
import type { AnyTx } from '../kit/database.ts'
import { coreFault, type FaultPlace } from '../kit/fault.ts'
import { inputPlaces } from '../kit/input-places.ts'
import type { Signal } from '../kit/operation.ts'
import type { Needed } from '../settings.ts'
import { type Difference, differences, recordOf } from './domain/difference.ts'
import type { Identity, Team } from './domain/identity.ts'
import { fault } from './faults.ts'
import { IdentityInput } from './identity-shape.ts'
import { register } from './registration.ts'
import { revise } from './revision.ts'
import type { InventoryPorts } from './room.ts'
import { findIdentity, lockIdentity } from './store-identity.ts'
import { findTeam, insertTeam } from './store-team.ts'
import { needIdentity, needTeam } from './subject.ts'
import { reviseTeam } from './team-revision.ts'
import { TeamInput } from './team-shape.ts'
import { tellMoved } from './tell-moved.ts'

/** Who applies a declaration, and when. */
export interface ApplyGiven {
  readonly by: string | null
  readonly now: Date
  newId(prefix: string): string
  /** The approval that the whole directory was applied with, when there was one. */
  readonly approval: string | undefined
  /** Tells what of this needs that approval; whoever applies spends it once, for everything. */
  need(needed: Needed): void
}

/** What happened to one declared object. */
export interface Applied {
  readonly id: string
  readonly name: string
  readonly verb: 'created' | 'changed' | 'unchanged'
  readonly fields: readonly Difference[]
  readonly signals: readonly Signal[]
}

/** Where a declared team or identity is not shaped as one; what apply finds first, and everything else. */
export const misshapen = (type: 'team' | 'identity', declared: unknown): readonly FaultPlace[] => {
  const result = { team: TeamInput, identity: IdentityInput }[type].safeParse(declared)
  return result.success ? [] : inputPlaces(result.error.issues)
}

/** Creates or changes a team so that it is as declared. */
export const applyTeam = async (tx: AnyTx, declared: unknown, given: ApplyGiven): Promise<Applied> => {
  const input = parsed(TeamInput, declared)
  const known = await findTeam(tx, input.name)
  if (known !== undefined) {
    const { after, fields, signals } = await reviseTeam(tx, known.id, input)
    return { id: after.id, name: after.name, verb: verbOf(fields), fields, signals }
  }
  const team: Team = {
    ...input,
    id: given.newId('team'),
    state: 'active',
    stateReason: null,
    stateBy: null,
    createdBy: given.by,
    createdAt: given.now,
  }
  if (!(await insertTeam(tx, team))) throw fault('name_taken', { about: input.name })
  const signals = [{ topic: 'team', key: team.id }]
  return { id: team.id, name: team.name, verb: 'created', fields: differences(undefined, input), signals }
}

/**
 * Creates or changes an identity so that it is as declared; the rules are those of creation. What its tier wants
 * approved waits as requested, unless the directory came with an approval. A number of days counts from when it was
 * first declared: applying the same file again postpones nothing.
 */
export const applyIdentity = async (
  ports: Pick<InventoryPorts, 'belongings' | 'stops'>,
  tx: AnyTx,
  declared: unknown,
  given: ApplyGiven,
): Promise<Applied> => {
  const input = parsed(IdentityInput, declared)
  const known = await findIdentity(tx, input.name)
  if (known === undefined) return create(tx, input, given)
  const before = await lockIdentity(tx, known.id)
  if (before === undefined) throw coreFault('not_found', { about: `identity ${input.name}` })
  await refuseFixed(tx, before, input)
  const { name: _, kind: __, environment: ___, parent: ____, expiresAt, reviewAt, ...wanted } = input
  const moments = {
    ...(expiresAt === before.expires.text ? {} : { expiresAt }),
    ...(reviewAt === before.review.text ? {} : { reviewAt }),
  }
  const { after, fields, signals } = await revise(
    before,
    { ...wanted, ...moments },
    {
      tx,
      now: given.now,
      // A directory is applied for the whole deployment.
      mayOwn: () => true,
      moved: tellMoved(ports, { tx, by: given.by, now: given.now }),
      approve: async (needed) => {
        given.need(needed)
        return given.approval
      },
    },
  )
  return { id: after.id, name: after.name, verb: verbOf(fields), fields, signals }
}

const create = async (tx: AnyTx, input: IdentityInput, given: ApplyGiven): Promise<Applied> => {
  const { by, now } = given
  const made = await register(input, {
    tx,
    by,
    now,
    newId: (prefix) => given.newId(prefix),
    spawner: null,
    approve: async (needed) => {
      if (given.approval !== undefined) given.need(needed)
      return given.approval
    },
  })
  const fields = differences(undefined, recordOf(made))
  return { id: made.id, name: made.name, verb: 'created', fields, signals: [{ topic: 'identity', key: made.id }] }
}

const refuseFixed = async (tx: AnyTx, before: Identity, input: IdentityInput): Promise<void> => {
  if (before.state === 'retired') throw fault('wrong_state', { about: `${before.name} is retired` })
  const parent = input.parent === undefined ? null : (await needIdentity(tx, input.parent)).id
  const differing = [
    input.kind === before.kind ? undefined : 'kind',
    input.environment === before.environment ? undefined : 'environment',
    parent === before.parentId ? undefined : 'parent',
  ].find((field) => field !== undefined)
  if (differing !== undefined) throw fault('field_immutable', { about: `${differing} of ${before.name}` })
  // A team that does not exist is told before anything else is compared.
  if (input.owner !== undefined) await needTeam(tx, input.owner)
}

const verbOf = (fields: readonly Difference[]): 'changed' | 'unchanged' => (fields.length > 0 ? 'changed' : 'unchanged')

const parsed = <Schema extends z.ZodType>(schema: Schema, declared: unknown): z.infer<Schema> => {
  const result = schema.safeParse(declared)
  if (result.success) return result.data
  const places = result.error.issues.slice(0, 20).map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail: issue.message.slice(0, 200),
  }))
  throw coreFault('invalid_input', { places, about: places[0]?.detail ?? '' })
}
