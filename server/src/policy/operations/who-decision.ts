import { z } from 'zod'
import { INVARIANTS } from '../domain/invariant.ts'
import { judgeNow, standingOf } from '../judge-now.ts'
import { needResource } from '../need.ts'
import { policyLabel } from '../policy-label.ts'
import { operation } from '../room.ts'
import { ActionName, Reference } from '../shapes.ts'
import { identitySubject, resourceSubject } from '../views.ts'

const WHO = 'policy.decision.who'
const PART = 200
// A call over a large register goes on in the next page, so that nobody waits for it and it holds nobody up.
const LOOKED_AT_MAX = 2_000

/** Says who may do something on a resource now, over the whole register, with what allows it. */
export const whoDecision = operation.read({
  name: WHO,
  summary: 'who may do something on a resource now, and which policy or grant allows it; a simulation',
  input: z.strictObject({
    action: ActionName,
    resource: Reference,
    limit: z.number().int().min(1).max(200).default(50),
    cursor: z.string().max(2000).optional(),
  }),
  output: z.object({
    simulated: z.literal(true),
    items: z.array(
      z.object({
        identity: z.string(),
        name: z.string(),
        standing: z.enum(['yes', 'conditionally']),
        enforced: z.boolean(),
        policies: z.array(z.string()),
        by: z.array(z.string()).describe('the same as people call them: a grant by its name'),
        missing: z.array(z.string()),
      }),
    ),
    because: z.array(z.string()).describe('why nobody may do this, whoever it is'),
    nextCursor: z.string().nullable(),
  }),
  faults: ['resource_not_found'],
  on: async ({ db, input }) => resourceSubject(await needResource(db, input.resource)),
  run: async ({ db, input, ports, now, sees }) => {
    const { memory, cursors } = ports
    const resource = await needResource(db, input.resource)
    const list = `${WHO} ${JSON.stringify([input.action, resource.id])}`
    let after = input.cursor === undefined ? '' : String(cursors.open(list, input.cursor)[0])
    const items: Item[] = []
    // A name that was mistyped must not read as a finding that nobody may do this.
    const isKnown = resource.actions.some(({ name }) => name === input.action)
    const because = isKnown ? [] : [INVARIANTS['reeve:unknown-action']]
    const page = (nextCursor: string | null) => ({ output: { simulated: true as const, items, because, nextCursor } })
    if (!isKnown) return page(null)
    for (let looked = 0; looked < LOOKED_AT_MAX; looked += PART) {
      const ids = await ports.identities.idsAfter(db, after === '' ? undefined : after, PART)
      for (const id of ids) {
        if (items.length >= input.limit) return page(cursors.make(list, [after]))
        await memory.warm(id)
        const identity = memory.warmed(id)?.identity
        after = id
        if (identity === undefined || !sees(identitySubject(identity))) continue
        const judged = judgeNow(memory, { identity, resource: resource.id, action: input.action }, { at: now })
        const standing = standingOf(judged)
        if (standing === 'no') continue
        items.push({ identity: id, name: identity.name, standing, ...toldOf(judged, memory.warmed(id)?.grants) })
      }
      if (ids.length < PART) return page(null)
    }
    return page(cursors.make(list, [after]))
  },
})

const toldOf = (
  { policies, missing, isEnforced }: ReturnType<typeof judgeNow>,
  grants: Parameters<typeof policyLabel>[1] = [],
): Pick<Item, 'enforced' | 'policies' | 'by' | 'missing'> => ({
  enforced: isEnforced,
  policies: [...policies],
  by: policies.map((policy) => policyLabel(policy, grants)),
  missing: [...missing],
})

interface Item {
  identity: string
  name: string
  standing: 'yes' | 'conditionally'
  enforced: boolean
  policies: string[]
  by: string[]
  missing: string[]
}
