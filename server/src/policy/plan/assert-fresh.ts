import type { AnyTx } from '../../kit/database.ts'
import type { AppliedView } from '../directory.ts'
import { stateChanges } from '../domain/plan.ts'
import { policyFault } from '../faults.ts'
import type { PolicyPorts } from '../room.ts'
import type { Plan } from '../store-plan.ts'
import { exceptedSince } from './exceptions-then.ts'
import { liveState } from './live-state.ts'
import { strangersTo } from './register-then.ts'

/** Throws `plan_stale`, with what changed, unless everything that the plan stands on is as it was, and does what was shown. */
export const assertFresh = async (tx: AnyTx, ports: PolicyPorts, plan: Plan, now: Date): Promise<void> => {
  const changes = stateChanges(plan.state, await liveState(tx, ports, plan.input))
  if (changes.length > 0) throw stale(changes.map(({ what, how }) => `${what} ${how}`))
  const otherwise = [...(await strangersTo(tx, ports, plan, now)), ...(await exceptedSince(tx, ports, plan, now))]
  if (otherwise.length > 0) throw stale(otherwise)
}

/** Throws `plan_stale` unless what was done is what was planned, object by object and field by field. */
export const assertAsPlanned = (plan: Plan, done: readonly AppliedView[]): void => {
  const planned = new Set(plan.objects.map(textOf))
  const other = done.filter((object) => !planned.has(textOf(object)))
  if (other.length > 0) throw stale(other.map(({ type, name, verb }) => `${type} ${name} would now be ${verb}`))
}

const PLACES_MAX = 50

const stale = (said: readonly string[]) =>
  policyFault('plan_stale', {
    places: said.slice(0, PLACES_MAX).map((detail) => ({ pointer: '/plan', detail: detail.slice(0, 300) })),
    about: said.length === 1 ? (said[0] ?? '').slice(0, 300) : `${said.length} things`,
  })

// Days in an expiry count from when it is applied: such a moment is another one, and nothing else is.
const MOMENT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/
const textOf = ({ type, name, verb, fields }: AppliedView): string =>
  JSON.stringify([
    type,
    name,
    verb,
    fields.map(({ field, before, after }) => [field, before, MOMENT.test(after ?? '') ? 'a moment' : after]),
  ])
