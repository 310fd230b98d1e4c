import { createHash } from 'node:crypto'
import type { AnyTx } from '../../kit/database.ts'
import { uid } from '../memory/entities.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import type { Plan } from '../store-plan.ts'
import { rightsComparer } from './compare-rights.ts'
import { planWork } from './plan-work.ts'

const PAGE = 500
const CHARS = 8

/** All identities as they are, short enough to be kept with a plan: who each is, and what policy knows of it. */
export const registerThen = async (tx: AnyTx, ports: PolicyPorts): Promise<string> => {
  const marks: string[] = []
  for await (const identity of everyIdentity(tx, ports)) marks.push(`${digest(identity.id)}${digest(identity)}`)
  return marks.join('')
}

/**
 * What came to the register, or changed there, since a plan was made, and what the plan would change for it now: nobody
 * was shown that. Of who is not new it cannot be told what was shown, so it is enough that the plan may speak of it.
 */
export const strangersTo = async (tx: AnyTx, ports: PolicyPorts, plan: Plan, now: Date): Promise<readonly string[]> => {
  const marks = new Map<string, string>()
  for (let at = 0; at < plan.register.length; at += 2 * CHARS)
    marks.set(plan.register.slice(at, at + CHARS), plan.register.slice(at + CHARS, at + 2 * CHARS))
  const changed: { readonly identity: PolicyIdentity; readonly isNew: boolean }[] = []
  for await (const identity of everyIdentity(tx, ports)) {
    const mark = marks.get(digest(identity.id))
    if (mark !== digest(identity)) changed.push({ identity, isNew: mark === undefined })
  }
  if (changed.length === 0) return []
  const said: string[] = []
  const work = await planWork(ports, tx, plan.id, now)
  const after = new Map(plan.delta.identities.map((identity) => [identity.id, identity]))
  const gone = new Set(plan.delta.gone.identities)
  for (const { identity, isNew } of changed) {
    const { id, name } = identity
    const how = isNew ? 'appeared' : 'changed'
    const found: string[] = []
    const compare = rightsComparer(ports, tx, work, now, (change) => {
      found.push(`${change.action} on ${change.resource.name}`)
    })
    await compare(identity, gone.has(id) ? undefined : (after.get(id) ?? identity))
    const [first] = found
    if (first !== undefined) said.push(`identity ${name} ${how}, and the plan would change whether it may ${first}`)
    else if (!isNew && work.changed.texts.some(({ est }) => maySpeakOf(est.principal, identity)))
      said.push(`identity ${name} ${how}, and the plan changes policies that may speak of it`)
  }
  return said
}

// Only a head that names somebody else, or another kind of principal, surely says nothing of it.
const maySpeakOf = (
  principal: { readonly op: string; readonly entity_type?: string; readonly entity?: unknown },
  { id }: PolicyIdentity,
): boolean => {
  const { type } = uid('Identity', id)
  if (principal.op === 'is') return principal.entity_type === type
  if (principal.op !== '==') return true
  return JSON.stringify(principal.entity ?? null).includes(JSON.stringify(id)) || principal.entity === undefined
}

/** The whole register, a page at a time. */
export async function* everyIdentity(tx: AnyTx, ports: PolicyPorts): AsyncGenerator<PolicyIdentity> {
  for (let last = ''; ; ) {
    const page = await ports.identities.list(tx, last, PAGE)
    yield* page
    last = page.at(-1)?.id ?? ''
    if (page.length < PAGE) return
  }
}

const digest = (of: unknown): string =>
  createHash('sha256').update(JSON.stringify(of)).digest('base64url').slice(0, CHARS)
