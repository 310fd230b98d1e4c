import assert from 'node:assert/strict'
import { compilePolicies, type Entity, prepareEntities, type Request } from '@reeve/cedar'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { resourceInput } from '../../../test/fakes/resources.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import type { Resource } from '../domain/resource.ts'
import { readSource } from '../engine/index.ts'
import { DEPLOYMENT_ENTITY, identityEntities, resourceEntity, uid } from '../memory/entities.ts'
import type { LintView } from './access-lint.ts'

const RESOURCE = resourceInput('orders')
const SHOP = { id: 'team_shop', name: 'shop', isActive: true }

const open = async (room: Room): Promise<PolicyBench & { readonly resource: Resource }> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync', owner: SHOP })
  await policy.call('policy.resource.create', RESOURCE)
  const resource = policy.memory.resource('orders')
  assert.ok(resource !== undefined)
  return { ...policy, resource }
}

/** What is declared in the directory, and is to be registered with it. */
const DECLARED = {
  identities: [{ name: 'fresh' }],
  teams: [{ name: 'crew' }],
  resources: [{ ...RESOURCE, name: 'stock', uri: 'https://stock.example/' }],
}

const lintsOf = async (policy: PolicyBench, text: string): Promise<readonly LintView[]> => {
  const policies = [{ name: 'p', file: 'policies/p.cedar', text }]
  const { problems, lints } = await policy.call('policy.access.validate', { directory: 'shop', ...DECLARED, policies })
  assert.deepEqual(problems, [], text)
  return lints.filter(({ lint }: LintView) => lint === 'never-equal' || lint === 'never-matching')
}

const READ = 'action == Reeve::Action::"orders.read"'

onEveryEngine('what names something by its name where ids are compared is told with the id to write', async (room) => {
  const policy = await open(room)
  const told = async (when: string) => {
    const lints = await lintsOf(policy, `@id("p") permit (principal, ${READ}, resource) when { ${when} };`)
    return lints.map(({ lint, place, message }) => `${lint} ${place} ${message}`)
  }
  const says = (message: string) => [`never-equal policies/p.cedar:1 ${message}`]
  const { id } = policy.resource
  assert.deepEqual(
    await told('principal == Reeve::Identity::"sync"'),
    says(
      'Reeve::Identity::"sync" names it by its name, and ids are compared: write Reeve::Identity::"nhi_sync", or principal.name == "sync"',
    ),
  )
  assert.deepEqual(
    await told('[Reeve::Resource::"orders"].contains(resource)'),
    says(
      `Reeve::Resource::"orders" names it by its name, and ids are compared: write Reeve::Resource::"${id}", or resource in Reeve::Resource::"orders"`,
    ),
  )
  assert.deepEqual(
    await told('principal has owner && principal.owner == Reeve::Team::"shop"'),
    says(
      'Reeve::Team::"shop" names it by its name, and ids are compared: write Reeve::Team::"team_shop", or in Reeve::Team::"shop"',
    ),
  )
  assert.deepEqual(
    await told('resource == Reeve::Resource::"stock"'),
    says(
      'Reeve::Resource::"stock" names it by its name, and ids are compared: write resource in Reeve::Resource::"stock"',
    ),
  )
  assert.deepEqual(await told('principal == Reeve::Identity::"nhi_gone"'), says('there is no identity "nhi_gone"'))
  for (const proper of [
    'principal == Reeve::Identity::"nhi_sync"',
    `resource == Reeve::Resource::"${id}"`,
    'resource in Reeve::Resource::"orders"',
    'resource in [Reeve::Resource::"orders", Reeve::Resource::"stock"]',
    'principal in Reeve::Team::"crew"',
    'principal has owner && principal.owner in Reeve::Team::"shop"',
    'principal.name == "sync"',
  ])
    assert.deepEqual(await told(proper), [], proper)
})

onEveryEngine('what names nothing and never matches for that is told of once', async (room) => {
  const policy = await open(room)
  const text = `permit (principal, ${READ}, resource == Reeve::Resource::"ordres");`
  assert.deepEqual(
    (await lintsOf(policy, text)).map(({ lint }) => lint),
    ['never-matching'],
  )
  const either = `permit (principal, ${READ}, resource) when { resource in Reeve::Resource::"ordres" || principal.kind == "bot" };`
  assert.deepEqual(
    (await lintsOf(policy, either)).map(({ lint, message }) => `${lint} ${message}`),
    ['never-equal there is no resource "ordres"'],
  )
})

/** Everybody and everything that is registered, or will be with the directory. */
const worldOf = (resource: Resource) => {
  const sync = identityOf('nhi_sync', 'sync', SHOP)
  const fresh = identityOf('nhi_fresh', 'fresh', { id: 'team_crew', name: 'crew', isActive: true })
  const stock = resourceEntity({ ...resource, id: 'res_stock', name: 'stock' })
  const things = [resourceEntity(resource), stock]
  const action: Entity = { uid: uid('Action', 'orders.read'), attrs: {}, parents: [] }
  const prepared = prepareEntities([...sync, ...fresh, ...things, action, DEPLOYMENT_ENTITY])
  assert.ok(prepared.ok)
  const requests = [sync, fresh].flatMap(([self]) =>
    things.map(
      (thing): Request => ({
        principal: self?.uid ?? uid('Identity', ''),
        action: action.uid,
        resource: thing.uid,
        context: {},
        entities: [],
      }),
    ),
  )
  return (text: string): boolean => {
    const est = readSource(text)
    assert.ok(est !== undefined, text)
    const compiled = compilePolicies([{ id: 'one', est: { ...est, effect: 'permit' } }])
    assert.ok(compiled.ok)
    return requests.some((request) => compiled.policies.decide(request, prepared.store).decision === 'allow')
  }
}

const identityOf = (id: string, name: string, owner: typeof SHOP): Entity[] =>
  identityEntities({
    ...{ id, name, owner, kind: 'bot', environment: 'production', tier: 'low', state: 'active', parent: null },
    ...{ functions: [], boundary: 'internal', blastRadius: 'read-only', workflow: null, pipeline: null, tags: {} },
  })

/** What may be named, in every way in which it may be: half of them name nothing that a request is about. */
const atoms = (resourceId: string) => {
  const identities = ['nhi_sync', 'sync', 'fresh', 'nhi_gone', 'gone'].map((id) => `Reeve::Identity::"${id}"`)
  const resources = [resourceId, 'orders', 'stock', 'res_gone', 'gone'].map((id) => `Reeve::Resource::"${id}"`)
  const teams = ['team_shop', 'shop', 'crew', 'team_gone', 'gone'].map((id) => `Reeve::Team::"${id}"`)
  const compared = (term: string, of: string) => [`${term} == ${of}`, `[${of}].contains(${term})`, `${term} in ${of}`]
  return {
    who: [
      ...identities.flatMap((of) => compared('principal', of)),
      ...teams.flatMap((of) => [`principal in ${of}`, `(principal has owner && principal.owner == ${of})`]),
    ],
    what: resources.flatMap((of) => [...compared('resource', of), `resource in [${of}]`]),
  }
}

onEveryEngine(
  'never-equal tells of at least 99 in 100 policies that never match what they name, and at least 99 in 100 of what it tells of do not',
  async (room) => {
    const policy = await open(room)
    const matches = worldOf(policy.resource)
    const { who, what } = atoms(policy.resource.id)
    const sets = [...who, ...what].flatMap((atom, at) =>
      [
        `permit (principal, ${READ}, resource) when { ${atom} };`,
        `forbid (principal, ${READ}, resource) when { principal.kind == "bot" && (${atom}) };`,
        `permit (principal, ${READ}, resource) unless { !(${atom}) };`,
        `permit (principal, ${READ}, resource) when { ${who[(at * 7 + 3) % who.length]} || ${what[(at * 5 + 1) % what.length]} };`,
        `permit (principal, ${READ}, resource) when { if ${atom} then true else false };`,
      ].map((text) => ({
        text,
        atoms: text.includes('||') ? text.replace(/.*when \{ (.*) \};$/, '$1').split(' || ') : [atom],
      })),
    )
    const all = sets.map(({ text }, at) => `@id("p${at}")\n${text}`).join('\n')
    const told = new Set((await lintsOf(policy, all)).map((one) => one.policy))
    const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
    const odd: string[] = []
    for (const [at, { text, atoms: of }] of sets.entries()) {
      const isWrong = of.some((atom) => !matches(`permit (principal, ${READ}, resource) when { ${atom} };`))
      const isTold = told.has(`p${at}`)
      count[isWrong ? (isTold ? 'right' : 'missed') : isTold ? 'wrongly' : 'silent']++
      if (isWrong !== isTold) odd.push(text)
    }
    const precision = count.right / (count.right + count.wrongly)
    const recall = count.right / (count.right + count.missed)
    const different = new Set(sets.map(({ text }) => text)).size
    console.log(
      `lint never-equal: ${different} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    )
    assert.ok(different >= 200 && count.right >= 80 && count.silent >= 60, JSON.stringify(count))
    assert.ok(precision >= 0.99 && recall >= 0.99, odd.slice(0, 5).join('\n'))
  },
)
