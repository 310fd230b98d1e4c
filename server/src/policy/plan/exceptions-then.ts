import type { AnyTx } from '../../kit/database.ts'
import { ISOLATION } from '../domain/isolation.ts'
import type { LiveException, PolicyIdentity, PolicyPorts } from '../room.ts'
import type { Plan } from '../store-plan.ts'
import { rightsComparer } from './compare-rights.ts'
import { planWork } from './plan-work.ts'
import { everyIdentity } from './register-then.ts'

/** The exceptions that what a plan gives may hang on, to be kept with it: those that let environments meet. */
export const exceptionsThen = (tx: AnyTx, ports: PolicyPorts, now: Date): Promise<readonly LiveException[]> =>
  ports.exceptions.inForce(tx, ISOLATION, now)

/** What the plan would change otherwise than it was shown to, because an exception was given or ended since it was made. */
export const exceptedSince = async (
  tx: AnyTx,
  ports: PolicyPorts,
  plan: Plan,
  now: Date,
): Promise<readonly string[]> => {
  const [then, live] = [bySubject(plan.exceptions), bySubject(await exceptionsThen(tx, ports, now))]
  const differing = [...then.keys(), ...live.keys()].filter((subject) => then.has(subject) !== live.has(subject))
  if (differing.length === 0) return []
  const whose = new Set(differing.map((subject) => subject.split('/')[0] ?? subject))
  const work = await planWork(ports, tx, plan.id, now)
  const changesUnder = async (exceptions: ReadonlyMap<string, LiveException>, identity: PolicyIdentity) => {
    const find: PolicyPorts['exceptions']['find'] = async (_db, _kind, subject) => exceptions.get(subject)
    const found = new Map<string, string>()
    const under = { ...ports, exceptions: { ...ports.exceptions, find } }
    const compare = rightsComparer(under, tx, work, now, ({ how, action, resource, before, after }) => {
      found.set(JSON.stringify([how, action, resource.id, before, after]), `${action} on ${resource.name}`)
    })
    const { identities, gone } = plan.delta
    const planned = identities.find(({ id }) => id === identity.id) ?? identity
    await compare(identity, gone.identities.includes(identity.id) ? undefined : planned)
    return found
  }
  const said: string[] = []
  for await (const identity of touchedBy(tx, ports, whose)) {
    const [shown, next] = [await changesUnder(then, identity), await changesUnder(live, identity)]
    for (const [key, what] of next)
      if (!shown.has(key)) said.push(`an exception was given, and the plan would change ${what} for ${identity.name}`)
    for (const [key, what] of shown)
      if (!next.has(key)) said.push(`an exception ended, and the plan would not change ${what} for ${identity.name}`)
  }
  return said
}

const bySubject = (exceptions: readonly LiveException[]): ReadonlyMap<string, LiveException> =>
  new Map(exceptions.map((one) => [one.subject, one]))

// Those whose exceptions they are, and whoever is below them: a child does no more than everybody above it may.
async function* touchedBy(tx: AnyTx, ports: PolicyPorts, whose: ReadonlySet<string>): AsyncGenerator<PolicyIdentity> {
  const others: PolicyIdentity[] = []
  const touched = new Set(whose)
  for await (const identity of everyIdentity(tx, ports)) {
    if (whose.has(identity.id)) yield identity
    else if (identity.parent !== null) others.push(identity)
  }
  for (let isMore = true; isMore; ) {
    isMore = false
    for (const identity of others) {
      if (touched.has(identity.id) || !touched.has(identity.parent ?? '')) continue
      touched.add(identity.id)
      isMore = true
      yield identity
    }
  }
}
