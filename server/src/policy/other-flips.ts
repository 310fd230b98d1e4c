import type { AnyDb } from '../kit/database.ts'
import { requestAt } from './decide/judge-recorded.ts'
import { readKept } from './decide/recorded-request.ts'
import { grantPolicy } from './engine/index.ts'
import type { PolicyPorts } from './room.ts'

/** A grant that is proposed: one identity, one resource, some of its actions. */
export interface ProposedGrant {
  readonly identity: string
  readonly resource: string
  readonly actions: readonly string[]
  readonly expiresAt: Date
}

/** What else a proposed grant would turn, of the decisions that are recorded. */
export interface OtherFlips {
  readonly looked: number
  readonly flips: readonly { readonly id: string; readonly at: string; readonly actions: readonly string[] }[]
}

const LOOKED_AT_MAX = 1_000

/** Tries the grant on the newest recorded refusals of its identity, each on its own entities, context and moment. */
export const otherFlips = async (
  { memory, decisions }: Pick<PolicyPorts, 'memory' | 'decisions'>,
  db: AnyDb,
  grant: ProposedGrant,
  but: string | undefined,
): Promise<OtherFlips> => {
  const made = grantPolicy({ id: 'reeve:proposed-grant', ...grant })
  const granted = made.ok ? memory.enforced().with({ add: [made.policy] }) : undefined
  if (granted === undefined || !granted.ok) return { looked: 0, flips: [] }
  const flips: { id: string; at: string; actions: readonly string[] }[] = []
  let looked = 0
  for (const { decision, at, request: body } of await decisions.refusedOf(db, grant.identity, LOOKED_AT_MAX)) {
    const request = readKept(body)
    if (decision === but || request?.of !== 'token' || request.resource.id !== grant.resource) continue
    looked += 1
    const asked = request.actions.length > 0 ? request.actions : grant.actions
    const when = new Date(at)
    const turned = asked.filter((action) => {
      const one = requestAt(request, action, when)
      return memory.enforced().decide(one).outcome === 'deny' && granted.engine.decide(one).outcome === 'allow'
    })
    if (turned.length > 0) flips.push({ id: decision, at, actions: turned })
  }
  return { looked, flips }
}
