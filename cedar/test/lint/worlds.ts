import {
  compilePolicies,
  type Entity,
  type EntityUid,
  type LintGround,
  type PolicyEst,
  prepareEntities,
  type Request,
} from '../../src/index.ts'

/** Requests by everybody on everything, so that whatever the generated policies ask for is so in some and not in others. */
export interface Worlds {
  readonly requests: readonly Request[]
  /** What the lints are told there is: without the actions that nobody knows of yet. */
  readonly ground: LintGround
  /** Which requests a policy matches, by the evaluator. */
  matched(est: PolicyEst): readonly boolean[]
  isKnownAction(at: number): boolean
  isStranger(at: number): boolean
  /** A resource and an action that nobody thought of. */
  isNewAccess(at: number): boolean
  /** An action in no group that nobody thought of. */
  isNewAction(at: number): boolean
}

const group = (access: string): EntityUid => ({ type: 'Action', id: `access:${access}` })
const action = (id: string, ...groups: string[]): Entity => ({
  uid: { type: 'Action', id },
  attrs: {},
  parents: groups.map(group),
})
const KNOWN = [
  action('orders.read', 'read'),
  action('orders.export', 'read'),
  action('orders.write', 'write'),
  action('billing.read', 'read'),
]
const NEW = [action('new.read', 'read'), action('new.write', 'write'), action('new.other')]
const ORDERS: EntityUid = { type: 'Resource', id: 'orders-api' }

const people: Entity[] = ['bot', 'agent', 'service', 'unheard-of'].flatMap((kind) =>
  [false, true].flatMap((isTagged) =>
    ['orders-sync', 'x'].map((name): Entity => {
      const uid = { type: 'Identity', id: `${kind}-${isTagged}-${name}` }
      return { uid, attrs: { kind, name }, parents: [], tags: isTagged ? { ticket: 'T-1' } : {} }
    }),
  ),
)
const things: Entity[] = ['internal', 'regulated', 'unheard-of'].flatMap((sensitivity) =>
  [[], [ORDERS]].map((parents, at): Entity => {
    const uid = { type: 'Resource', id: `${sensitivity}-${at}` }
    return { uid, attrs: { sensitivity }, parents }
  }),
)
const contexts: Request['context'][] = [undefined, 30, 70, 5_000].flatMap((age) =>
  [undefined, 'eu', 'us'].map((region) => ({
    ...(age === undefined ? {} : { age }),
    ...(region === undefined ? {} : { region }),
  })),
)

/** All of them together. */
export const everyWorld = (): Worlds => {
  const requests = people.flatMap((principal) =>
    [...KNOWN, ...NEW].flatMap((one) =>
      things.flatMap((resource) =>
        contexts.map(
          (context): Request => ({
            principal: principal.uid,
            action: one.uid,
            resource: resource.uid,
            context,
            entities: [],
          }),
        ),
      ),
    ),
  )
  const prepared = prepareEntities([...people, ...things, ...KNOWN, ...NEW])
  if (!prepared.ok) throw new Error(prepared.problem)
  const known = new Set(KNOWN.map(({ uid }) => uid.id))
  const kept = new Map<string, readonly boolean[]>()
  const matched = (est: PolicyEst): readonly boolean[] => {
    const key = JSON.stringify({ ...est, effect: 'permit' })
    const before = kept.get(key)
    if (before !== undefined) return before
    const compiled = compilePolicies([{ id: 'one', est: { ...est, effect: 'permit' } }])
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    let isInScope = true
    const found = requests.map((request, at) => {
      // The same in every context, which is by far cheaper to know than to ask under each.
      if (at % contexts.length === 0) {
        const scope = compiled.policies.inScope(request, prepared.store)
        isInScope = !scope.ok || scope.ids.length > 0
      }
      return isInScope && compiled.policies.decide(request, prepared.store).decision === 'allow'
    })
    kept.set(key, found)
    return found
  }
  const at = (of: number): Request => {
    const request = requests[of]
    if (request === undefined) throw new Error('there is no such request')
    return request
  }
  return {
    requests,
    matched,
    ground: {
      actions: KNOWN.map(({ uid, parents }) => ({ uid, groups: parents })),
      known: new Map([['Resource', new Set([...things.map(({ uid }) => uid.id), ORDERS.id])]]),
    },
    isKnownAction: (of) => known.has(at(of).action.id),
    isStranger: (of) => at(of).principal.id === 'unheard-of-false-x',
    isNewAccess: (of) => at(of).resource.id === 'unheard-of-0' && !known.has(at(of).action.id),
    isNewAction: (of) => at(of).action.id === 'new.other',
  }
}
