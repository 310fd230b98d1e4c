import type { AnyDb } from '../kit/database.ts'
import { requestAt } from './decide/judge-recorded.ts'
import { readKept } from './decide/recorded-request.ts'
import type { Conditions } from './domain/grant.ts'
import { grantSources, isSeparation } from './memory/grant-sources.ts'
import type { PolicyPorts } from './room.ts'

/** A grant that is proposed: one identity, one resource, some of its actions, under these conditions. */
export interface ProposedGrant {
  readonly identity: string
  readonly resource: string
  readonly actions: readonly string[]
  readonly conditions: Conditions
  readonly expiresAt: Date
}

/** What else a proposed grant would turn, of the decisions that are recorded. */
export interface OtherFlips {
  /** Refusals that it would have allowed. */
  readonly allowed: Turned
  /** What was allowed and would have been refused: a grant to read what is sensitive forbids some writing. */
  readonly refused: Turned
}

/** Of how many decisions that were looked at, which would have turned. */
export interface Turned {
  readonly looked: number
  readonly flips: readonly { readonly id: string; readonly at: string; readonly actions: readonly string[] }[]
}

const LOOKED_AT_MAX = 1_000
const NONE: Turned = { looked: 0, flips: [] }

/** Tries the grant on the newest recorded decisions on its identity, each on its own entities, context and moment. */
export const otherFlips = async (
  { memory, decisions }: Pick<PolicyPorts, 'memory' | 'decisions'>,
  db: AnyDb,
  grant: ProposedGrant,
  but: string | undefined,
): Promise<OtherFlips> => {
  const { resource, actions, ...terms } = grant
  const gives = { resource, actions }
  const { policies } = grantSources({ id: 'reeve:proposed-grant', gives, ...terms }, memory.base())
  const granted = memory.enforced().with({ add: policies })
  if (policies.length === 0 || !granted.ok) return { allowed: NONE, refused: NONE }

  const turned = async (outcome: 'done' | 'refused', isLookedAt: (on: string) => boolean): Promise<Turned> => {
    const [before, after] = outcome === 'done' ? ['allow', 'deny'] : ['deny', 'allow']
    const flips: { id: string; at: string; actions: readonly string[] }[] = []
    let looked = 0
    for (const { decision, at, request: body } of await decisions.decidedOf(
      db,
      grant.identity,
      outcome,
      LOOKED_AT_MAX,
    )) {
      const request = readKept(body)
      if (decision === but || request?.of !== 'token' || !isLookedAt(request.resource.id)) continue
      looked += 1
      const asked = request.actions.length > 0 ? request.actions : actionsOn(request.resource.id)
      const when = new Date(at)
      const other = asked.filter((action) => {
        const one = requestAt(request, action, when)
        return memory.enforced().decide(one).outcome === before && granted.engine.decide(one).outcome === after
      })
      if (other.length > 0) flips.push({ id: decision, at, actions: other })
    }
    return { looked, flips }
  }
  const actionsOn = (on: string): readonly string[] =>
    on === resource
      ? actions
      : (memory
          .base()
          .resource(on)
          ?.actions.map(({ name }) => name) ?? [])

  return {
    allowed: await turned('refused', (on) => on === resource),
    refused: policies.some(({ id }) => isSeparation(id)) ? await turned('done', () => true) : NONE,
  }
}
