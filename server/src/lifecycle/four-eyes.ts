import type { Transaction } from 'kysely'
import type { Caller } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import { isDeciding, type Role, rolesBeyond, rolesText } from './domain/role.ts'
import { fault } from './faults.ts'
import type { LifecyclePorts } from './room.ts'
import type { LifecycleTables } from './schema.ts'
import { beginFourEyes, countDeciders } from './store-four-eyes.ts'
import type { Person } from './store-person.ts'

/** A call that changes the roles of a person. */
export interface RoleChange {
  readonly operation: string
  readonly input: { readonly approval?: string | undefined }
  readonly person: Pick<Person, 'id' | 'name' | 'roles'>
  readonly roles: readonly Role[]
  readonly caller: Caller
  readonly now: Date
  /** Whether it takes two, as held by this transaction. */
  readonly isFourEyes: boolean
}

/** The codes that the change of somebody's roles may raise. */
export const FOUR_EYES_FAULTS = [
  'second_decider_first',
  'last_decider',
  'approval_required',
  'approval_expired',
  'approval_mismatch',
  'approval_outgrown',
  'approval_used',
] as const

/**
 * Does the change of somebody's roles in `work`. Where it gives or takes the role of an approver or admin, another
 * person who is one has approved it, from the moment on when there were two of them for the first time.
 * INVARIANT: nothing ends that again, or an admin could remove the others and be alone once more; who is alone all the
 * same needs the server's own machine.
 */
export const withFourEyes = async (
  tx: Transaction<LifecycleTables>,
  ports: Pick<LifecyclePorts, 'approvals'>,
  change: RoleChange,
  work: () => Promise<void>,
): Promise<{ readonly approval?: string; readonly change: readonly FieldChange[] }> => {
  const given = rolesBeyond(change.roles, change.person.roles).filter(isDeciding)
  const taken = rolesBeyond(change.person.roles, change.roles).filter(isDeciding)
  if (given.length + taken.length === 0) {
    await work()
    return { change: [] }
  }
  if (!change.isFourEyes) {
    // Or the one who is alone could have deciders of teams for ever and stay free to do without them.
    if (given.some(({ team }) => team !== null)) throw fault('second_decider_first')
    await work()
    return { change: await begunFourEyes(tx, change.now) }
  }
  const { id } = await ports.approvals.spend(tx, {
    approval: change.input.approval,
    operation: change.operation,
    input: change.input,
    requester: change.caller.actor.id,
    needed: {
      need: 'approver-or-admin',
      teams: [...new Set([...given, ...taken].map(({ team }) => team))].sort((a, b) =>
        (a ?? '') < (b ?? '') ? -1 : 1,
      ),
      why: whyOf(change.person, given, taken),
    },
    now: change.now,
  })
  await work()
  if ((await countDeciders(tx)) < 2) throw fault('last_decider')
  return { approval: id, change: [] }
}

/** Begins it where there are two for the first time, in a transaction that holds it. */
export const begunFourEyes = async (tx: Transaction<LifecycleTables>, now: Date): Promise<readonly FieldChange[]> => {
  if ((await countDeciders(tx)) < 2) return []
  await beginFourEyes(tx, now)
  return [{ field: 'four-eyes', before: null, after: now.toISOString() }]
}

/** Whom it is about by id as well: a name can be anybody's. */
const whyOf = (
  { id, name }: RoleChange['person'],
  given: readonly Role[],
  taken: readonly Role[],
): readonly string[] => [
  ...(given.length === 0 ? [] : [`${name} (${id}) becomes ${rolesText(given)}`]),
  ...(taken.length === 0 ? [] : [`${name} (${id}) is no longer ${rolesText(taken)}`]),
]
