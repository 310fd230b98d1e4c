import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../../../test/rounds.ts'
import { everyOperation } from '../../catalogue.ts'
import { schemaOperations } from '../operation-access.ts'
import { checkAhead } from './check-ahead.ts'
import { checkPolicies, checkSchema, type ParsedPolicy } from './check-policies.ts'
import { callOfficial } from './official.ts'
import { readPolicy } from './read-policy.ts'
import { schemaFor } from './schema-for.ts'

const policy = (id: string, text: string, line = 1): ParsedPolicy => {
  const source = { id, text, origin: { line }, kind: 'policy' } as const
  const read = readPolicy(source)
  assert.ok('est' in read, text)
  return { source, est: read.est }
}
const schemaWith = (...actions: string[]) => {
  const made = schemaFor({ resources: [{ name: 'orders', actions }] })
  assert.ok(made.ok)
  return made.schema
}
const READS = 'permit (principal, action == Reeve::Action::"orders.read", resource);'
const WRITES = 'permit (principal, action == Reeve::Action::"orders.write", resource);'
const told = (verdict: ReturnType<typeof checkPolicies>) => verdict.problems.map((problem) => problem.policy)

test('what was sound is judged anew under another schema, and what was wrong is told each time', () => {
  const both = [policy('reads', READS), policy('writes', WRITES)]
  const narrow = schemaWith('orders.read')
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(told(checkPolicies(both, schemaWith('orders.read', 'orders.write'))), [])
    assert.deepEqual(told(checkPolicies(both, narrow)), ['writes'])
    assert.deepEqual(told(checkPolicies([policy('reads', WRITES)], narrow)), ['reads'], 'an id says nothing of a text')
    assert.deepEqual(told(checkPolicies([policy('other', READS)], schemaWith('orders.write'))), ['other'])
    const moved = checkPolicies([policy('writes', WRITES, 7)], narrow).problems
    assert.deepEqual(
      moved.map(({ line }) => line),
      [7],
    )
  }
})

test('a warning is told each time', () => {
  const schema = schemaWith('orders.read')
  const never = policy('never', READS.replace(';', ' when { context.now < context.now && false };'))
  for (let time = 0; time < 2; time++) assert.equal(checkPolicies([never], schema).warnings.length, 1)
})

test('a schema that is not proper is told each time, and nothing is sound under it', () => {
  const broken = 'entity Person in [Nowhere];'
  for (let time = 0; time < 2; time++) {
    assert.equal(checkSchema(broken).length, 1)
    assert.equal(checkPolicies([policy('any', 'permit (principal, action, resource);')], broken).problems.length, 1)
    assert.deepEqual(checkSchema(schemaWith('orders.read')), [])
  }
})

const OPERATIONS = everyOperation().filter(({ name }) =>
  ['policy.access.apply', 'inventory.identity.create', 'inventory.team.list', 'broker.token.issue'].includes(name),
)

// More than are looked at one by one.
const MANY = Array.from({ length: 20 }, (_, at) => ({ name: `stock.read${at}`, access: 'read' as const }))

const PRINCIPALS = [
  ...[
    'principal',
    'principal == Reeve::Identity::"nhi_1"',
    'principal is Reeve::Person',
    'principal in Reeve::Team::"a"',
  ],
  ...[
    'principal == Reeve::Anonymous::"x"',
    'principal is Reeve::Identity in Reeve::Team::"a"',
    'principal is Reeve::Nobody',
    'principal is Shop::Clerk',
  ],
]
const ACTIONS = [
  ...['action', 'action == Reeve::Action::"orders.read"', 'action in Reeve::Action::"access:read"'],
  ...[
    'action in [Reeve::Action::"orders.write", Reeve::Action::"stock.read"]',
    'action == Reeve::Action::"orders.raed"',
  ],
  ...[
    'action == Reeve::Action::"access:admin"',
    'action in Reeve::Action::"access:admin"',
    'action == Action::"orders.read"',
  ],
  ...['action in [Reeve::Action::"policy.access.apply", Reeve::Action::"orders.read"]', 'action in []'],
  ...['action == Reeve::Action::"inventory.identity.create"', 'action in [Reeve::Action::"access:write"]'],
  ...['action in [Reeve::Action::"access:read", Reeve::Action::"inventory.identity.create"]'],
  ...['action == Shop::Action::"read"', 'action in [Reeve::Action::"orders.read", Shop::Action::"read"]'],
]
// Of an application: its actions are in the groups of all, and one of them is of others than the first.
const readBy = (...principalTypes: string[]) => ({
  appliesTo: { principalTypes, resourceTypes: ['Doc'] },
  memberOf: [{ type: 'Reeve::Action', id: 'access:read' }],
})
const SHOP = {
  commonTypes: {},
  entityTypes: { User: {}, Clerk: {}, Doc: {} },
  actions: { read: readBy('User', 'Reeve::Identity'), file: readBy('Clerk') },
}
const WIDE = ['action', 'action in Reeve::Action::"access:read"']
const RESOURCES = [
  ...[
    'resource',
    'resource == Reeve::Resource::"orders"',
    'resource is Reeve::Identity',
    'resource in Reeve::Team::"a"',
  ],
  ...['resource == Reeve::Deployment::"reeve"', 'resource is Reeve::Nothing', 'resource is Shop::Doc'],
]
const CONDITIONS = [
  ...['true', 'false', 'context.now < datetime("2027-01-01")', 'context.nowhere == 1', 'principal.name == "a"'],
  ...['principal has kind && principal.kind == "bot"', 'principal.hasTag("x")', 'principal.kind like "b*"', '1 == "a"'],
  ...['context has request && context.request has amount && context.request.amount > 5', 'context.request.amount > 5'],
  ...[
    'action == Reeve::Action::"stock.read"',
    'action in Reeve::Action::"access:read"',
    'action == Reeve::Action::"no"',
  ],
  ...['action in [Reeve::Action::"orders.read", Reeve::Action::"orders.write"]', 'resource.uri == "https://a"'],
  ...['context has sourceIp && context.sourceIp.isInRange(ip("10.0.0.0/8"))', 'ip("no") == ip("10.0.0.1")'],
  ...['resource has owner && resource.owner == principal', 'principal == resource', 'principal.owner.name == "a"'],
  ...['if action == Reeve::Action::"orders.read" then context.nowhere == 1 else true'],
  ...['if action == Reeve::Action::"stock.read7" then context.nowhere == 1 else true'],
  ...['if principal has owner then true else context.isParty', 'Reeve::Action::"orders.read" == resource'],
]
const CLAUSES = CONDITIONS.flatMap((one) => [`when { ${one} }`, `unless { ${one} }`])

// Which of several near names was meant is the checker's chance.
const withoutGuesses = ({ problems, warnings }: ReturnType<typeof checkPolicies>) =>
  [problems, warnings].map((all) =>
    all.map((one) => ({ ...one, message: one.message.replace(/ \(did you mean `[^`]*`\?\)/, '') })),
  )

test('a policy is judged with the actions that its head matches as it is with all that there are', () => {
  const made = schemaFor({
    resources: [
      {
        name: 'orders',
        actions: [
          { name: 'orders.read', access: 'read' },
          { name: 'orders.write', access: 'write' },
        ],
        facts: { amount: 'long' },
      },
      { name: 'stock', actions: ['stock.read', ...MANY] },
    ],
    operations: schemaOperations(OPERATIONS),
  })
  assert.ok(made.ok)
  const schema = { ...made.schema, Shop: SHOP }
  const asText = callOfficial((cedar) => cedar.schemaToText(schema))
  assert.ok(asText.ok && asText.result.type === 'success')
  const { text } = asText.result
  const clauses = fc.array(fc.constantFrom(...CLAUSES), { maxLength: 3 }).map((some) => some.join('\n'))
  const parts = [['permit', 'forbid'], PRINCIPALS, ACTIONS, RESOURCES].map((some) => fc.constantFrom(...some))
  const written = fc
    .tuple(...parts, clauses)
    .map(
      ([effect, principal, action, resource, after]) => `${effect} (${principal}, ${action}, ${resource})\n${after};`,
    )
  let sound = 0
  let wrong = 0
  const judge = (texts: readonly string[]): void => {
    const policies = texts.map((one, at) => policy(`p${at}`, one))
    const verdict = checkPolicies(policies, schema)
    assert.deepEqual(withoutGuesses(verdict), withoutGuesses(checkPolicies(policies, text)))
    const told = new Set([...verdict.problems, ...verdict.warnings].map((one) => one.policy)).size
    sound += policies.length - told
    wrong += told
  }
  judge(CONDITIONS.flatMap((one) => WIDE.map((action) => `permit (principal, ${action}, resource) when { ${one} };`)))
  judge(PRINCIPALS.flatMap((one) => ACTIONS.map((action) => `permit (${one}, ${action}, resource);`)))
  const numRuns = rounds({ quick: 3, full: 30 })
  fc.assert(fc.property(fc.array(written, { minLength: 30, maxLength: 60 }), judge), { numRuns })
  assert.ok(sound > 0 && wrong > 0)
})

test('who is checked ahead is not checked again, sound or not, and others are served between', async (t) => {
  const schema = schemaWith('orders.read', 'orders.write')
  const many = Array.from({ length: 300 }, (_, at) =>
    policy(
      `p${at}`,
      READS.replace(';', ` when { context has risk && context.risk${at % 2 === 0 ? '' : 'y'} < ${at} };`),
    ),
  )
  let served = 0
  const others = setInterval(() => served++)
  await checkAhead(
    many.map(({ source }) => source),
    schema,
  )
  clearInterval(others)
  assert.ok(served > 1)
  const checks = callOfficial((cedar) => t.mock.method(cedar, 'validate'))
  assert.ok(checks.ok)
  const again = [...many, policy('new', READS.replace(';', ' when { context has risk && context.risk < 1000 };'))]
  assert.equal(checkPolicies(again, schema).problems.length, 150)
  const asked = checks.result.mock.calls.flatMap(({ arguments: [call] }) =>
    Object.keys(call.policies.staticPolicies ?? {}),
  )
  assert.equal(asked.length, 1)
})

test('of policies that are long, others are served after each one is parsed, and after each one is checked', async () => {
  const padding = `// ${'x'.repeat(40_000)}\n`
  const sources = [0, 1, 2, 3].flatMap((at) =>
    [READS, 'permit (principal, action, resource);'].map((text, of) => ({
      ...{ id: `p${at}-${of}`, origin: {}, kind: 'policy' as const },
      text: padding + text.replace(';', ` when { context has risk && context.risk < ${at} && action == action };`),
    })),
  )
  let served = 0
  const serve = (): void => {
    served++
    next = setImmediate(serve)
  }
  let next = setImmediate(serve)
  await checkAhead(sources, schemaWith('orders.read'))
  clearImmediate(next)
  assert.ok(served >= 2 * sources.length, `${served}`)
})
