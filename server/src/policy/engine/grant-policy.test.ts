import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { CedarRecord } from '@reeve/cedar'
import fc from 'fast-check'
import { anyText } from '../../../../test/any-text.ts'
import { rounds } from '../../../../test/rounds.ts'
import {
  compileEngine,
  type GrantConditions,
  type GrantTerms,
  grantPolicy,
  type SourcePolicy,
  schemaFor,
} from './index.ts'
import { isNetwork } from './network.ts'

const GRANT: GrantTerms = {
  id: 'gra_1',
  identity: 'nhi_1',
  resource: 'orders',
  actions: ['orders.read', 'orders.list'],
  expiresAt: new Date('2026-07-01T00:00:00Z'),
}

const compiled = (more: Partial<GrantTerms> = {}): SourcePolicy => {
  const made = grantPolicy({ ...GRANT, ...more })
  assert.ok(made.ok, JSON.stringify(made))
  return made.policy
}

const schema = (() => {
  const made = schemaFor({ resources: [{ name: 'orders', actions: ['orders.read', 'orders.list', 'orders.write'] }] })
  assert.ok(made.ok)
  return made.schema
})()

const decided = (
  policy: SourcePolicy,
  context: CedarRecord = {},
  names = { identity: 'nhi_1', action: 'orders.read' },
) => {
  const engine = compileEngine({ policies: [policy], schema })
  assert.ok(engine.ok, JSON.stringify(engine))
  return engine.engine.decide({
    principal: { type: 'Reeve::Identity', id: names.identity },
    action: { type: 'Reeve::Action', id: names.action },
    resource: { type: 'Reeve::Resource', id: 'orders' },
    context: { now: at('2026-06-01T12:00:00Z'), ...context },
    entities: [],
  })
}
const at = (time: string) => ({ __extn: { fn: 'datetime', arg: new Date(time).toISOString() } })
const ip = (address: string) => ({ __extn: { fn: 'ip', arg: address } })

test('a grant allows its identity its actions on its resource, and nothing else', () => {
  assert.equal(decided(compiled()).outcome, 'allow')
  assert.equal(decided(compiled(), {}, { identity: 'nhi_1', action: 'orders.list' }).outcome, 'allow')
  assert.equal(decided(compiled(), {}, { identity: 'nhi_1', action: 'orders.write' }).outcome, 'deny')
  assert.equal(decided(compiled(), {}, { identity: 'nhi_2', action: 'orders.read' }).outcome, 'deny')
  assert.equal(decided(compiled({ resource: 'other' })).outcome, 'deny')
})

test('a grant ends at its expiry, to the millisecond', () => {
  assert.equal(decided(compiled(), { now: at('2026-06-30T23:59:59.999Z') }).outcome, 'allow')
  assert.equal(decided(compiled(), { now: at('2026-07-01T00:00:00.000Z') }).outcome, 'deny')
})

const conditioned: [string, GrantConditions, CedarRecord, 'allow' | 'deny'][] = [
  [
    'an address inside a network',
    { sourceNetworks: ['192.0.2.0/24', '10.0.0.0/8'] },
    { sourceIp: ip('10.1.2.3') },
    'allow',
  ],
  [
    'an address outside all networks',
    { sourceNetworks: ['192.0.2.0/24', '10.0.0.0/8'] },
    { sourceIp: ip('11.1.2.3') },
    'deny',
  ],
  ['an unknown address', { sourceNetworks: ['0.0.0.0/0', '::/0'] }, {}, 'deny'],
  [
    'an IPv6 address inside a network',
    { sourceNetworks: ['10.0.0.0/8', '2001:db8::/32'] },
    { sourceIp: ip('2001:db8::7') },
    'allow',
  ],
  ['a single address', { sourceNetworks: ['192.0.2.7'] }, { sourceIp: ip('192.0.2.7') }, 'allow'],
  ['noon within office hours', { timeWindow: { from: '08:00', to: '18:00' } }, {}, 'allow'],
  ['the first minute of the window', { timeWindow: { from: '12:00', to: '12:01' } }, {}, 'allow'],
  ['the end of the window', { timeWindow: { from: '08:00', to: '12:00' } }, {}, 'deny'],
  ['noon for a window over midnight', { timeWindow: { from: '22:30', to: '06:15' } }, {}, 'deny'],
  ['before midnight', { timeWindow: { from: '22:30', to: '06:15' } }, { now: at('2026-06-01T22:30:00Z') }, 'allow'],
  ['after midnight', { timeWindow: { from: '22:30', to: '06:15' } }, { now: at('2026-06-01T06:14:59Z') }, 'allow'],
  ['the right day', { timeWindow: { from: '00:00', to: '23:59', days: ['monday'] } }, { weekday: 'monday' }, 'allow'],
  ['the wrong day', { timeWindow: { from: '00:00', to: '23:59', days: ['monday'] } }, { weekday: 'tuesday' }, 'deny'],
  ['an unknown day', { timeWindow: { from: '00:00', to: '23:59', days: ['monday'] } }, {}, 'deny'],
  ['the right kind of credential', { credentialKinds: ['jwk', 'certificate'] }, { credentialKind: 'jwk' }, 'allow'],
  ['another kind of credential', { credentialKinds: ['jwk'] }, { credentialKind: 'secret' }, 'deny'],
  ['an unknown kind of credential', { credentialKinds: ['jwk'] }, {}, 'deny'],
  ['the right instance', { instances: ['pod-1'] }, { instance: 'pod-1' }, 'allow'],
  ['another instance', { instances: ['pod-1'] }, { instance: 'pod-2' }, 'deny'],
  ['the right region', { regions: ['AT', 'DE'] }, { sourceRegion: 'DE' }, 'allow'],
  ['another region', { regions: ['AT', 'DE'] }, { sourceRegion: 'FR' }, 'deny'],
  ['a region that nobody can say', { regions: ['AT', 'DE'] }, { sourceRegion: 'unknown' }, 'deny'],
  ['no region', { regions: ['AT', 'DE'] }, {}, 'deny'],
  ['the right environment', { environments: ['test'] }, { environment: 'test' }, 'allow'],
  ['another environment', { environments: ['test'] }, { environment: 'production' }, 'deny'],
  ['the right stage', { pipelineStages: ['deploy'] }, { pipelineStage: 'deploy' }, 'allow'],
  ['another stage', { pipelineStages: ['deploy'] }, { pipelineStage: 'build' }, 'deny'],
  ['no stage', { pipelineStages: ['deploy'] }, {}, 'deny'],
  ['the risk that may be', { riskMax: 50 }, { risk: 50 }, 'allow'],
  ['a higher risk', { riskMax: 50 }, { risk: 51 }, 'deny'],
  ['no risk, where none may be', { riskMax: 0 }, { risk: 0 }, 'allow'],
  ['an unknown risk', { riskMax: 100 }, {}, 'deny'],
  [
    'a credential a millisecond before its age',
    { credentialAgeDaysMax: 30 },
    { credentialCreatedAt: at('2026-05-02T12:00:00.001Z') },
    'allow',
  ],
  [
    'a credential of its age',
    { credentialAgeDaysMax: 30 },
    { credentialCreatedAt: at('2026-05-02T12:00:00Z') },
    'deny',
  ],
  ['a credential of unknown age', { credentialAgeDaysMax: 30 }, {}, 'deny'],
  ['one condition of two', { instances: ['pod-1'], credentialKinds: ['jwk'] }, { instance: 'pod-1' }, 'deny'],
  ['a fact that the caller stated itself', { instances: ['pod-1'] }, { request: { instance: 'pod-1' } }, 'deny'],
]

for (const [name, conditions, context, outcome] of conditioned) {
  test(`a grant with conditions: ${name} is answered ${outcome}`, () => {
    assert.equal(decided(compiled({ conditions }), context).outcome, outcome)
  })
}

const improper: [string, Partial<GrantTerms>][] = [
  ['no actions', { actions: [] }],
  ['an empty action', { actions: [''] }],
  ['an empty identity', { identity: '' }],
  ['a resource with half a character', { resource: '\ud800' }],
  ['an expiry that is no date', { expiresAt: new Date(Number.NaN) }],
  ['an expiry in the year 10,000', { expiresAt: new Date(Date.UTC(10_000, 0, 1)) }],
  ['an empty list of networks', { conditions: { sourceNetworks: [] } }],
  ['a network that is none', { conditions: { sourceNetworks: ['10.0.0.0/8', '10.0.0.0/33'] } }],
  ['too many networks', { conditions: { sourceNetworks: Array(65).fill('10.0.0.0/8') } }],
  ['an hour that is none', { conditions: { timeWindow: { from: '24:00', to: '08:00' } } }],
  ['an empty list of days', { conditions: { timeWindow: { from: '00:00', to: '08:00', days: [] } } }],
  ['an empty list of credential kinds', { conditions: { credentialKinds: [] } }],
  ['an empty list of instances', { conditions: { instances: [] } }],
  ['a region that is a word', { conditions: { regions: ['Germany'] } }],
  ['an empty list of regions', { conditions: { regions: [] } }],
  ['an empty list of environments', { conditions: { environments: [] } }],
  ['an empty list of stages', { conditions: { pipelineStages: [] } }],
  ['a risk above all', { conditions: { riskMax: 101 } }],
  ['a part of a risk', { conditions: { riskMax: 0.5 } }],
  ['an age of nothing', { conditions: { credentialAgeDaysMax: 0 } }],
  ['an age longer than a grant', { conditions: { credentialAgeDaysMax: 367 } }],
  ['501 instances', { conditions: { instances: Array.from({ length: 501 }, (_, n) => `${n}`) } }],
]

for (const [name, terms] of improper) {
  test(`a grant with improper terms is not compiled: ${name}`, () =>
    assert.equal(grantPolicy({ ...GRANT, ...terms }).ok, false))
}

// Names made to break out of a string, a comment or the policy.
const hostile = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '");',
    '"); permit (principal, action, resource);',
    '\n',
    '*/',
    '//',
    '\0',
    '\u2028',
    '\u{1f600}',
    '$' + '{x}',
    '\\u{22}',
    "'",
    '__proto__',
    'é',
  ),
  anyText({ minLength: 1, maxLength: 12 }),
)
const names = fc.uniqueArray(hostile, { minLength: 1, maxLength: 4 })
const clock = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
const days = fc.uniqueArray(fc.constantFrom('monday' as const, 'sunday' as const), { minLength: 1 })
const conditions: fc.Arbitrary<GrantConditions> = fc.record(
  {
    sourceNetworks: fc.array(fc.constantFrom('10.0.0.0/8', '::/0', '192.0.2.1', 'fe80::1/128'), {
      minLength: 1,
      maxLength: 64,
    }),
    timeWindow: fc.record({ from: clock, to: clock, days }, { requiredKeys: ['from', 'to'] }),
    credentialKinds: names,
    instances: names,
    regions: fc.uniqueArray(fc.constantFrom('DE', 'AT', 'FR'), { minLength: 1 }),
    environments: names,
    pipelineStages: names,
    riskMax: fc.nat(100),
    credentialAgeDaysMax: fc.integer({ min: 1, max: 366 }),
  },
  { requiredKeys: [] },
)
const terms: fc.Arbitrary<GrantTerms> = fc.record({
  id: hostile,
  identity: hostile,
  resource: hostile,
  actions: names,
  conditions,
  expiresAt: fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
})

test('whatever the names hold, the policy says exactly the grant: the official parser reads back what was compiled', () => {
  fc.assert(
    fc.property(terms, (grant) => {
      const made = grantPolicy(grant)
      assert.ok(made.ok, JSON.stringify(made))
      const parsed = cedar.policyToJson(made.policy.text)
      assert.ok(parsed.type === 'success', JSON.stringify(parsed))
      assert.deepEqual(parsed.json, made.policy.compiled)
      assert.match(made.policy.text, /^[\x20-\x7e\n]+$/)
    }),
    { numRuns: rounds({ quick: 500, full: 2_000 }), seed: 5 },
  )
})

test('every policy that a grant can become passes the strict type check', () => {
  const policies = fc.sample(terms, { numRuns: 200, seed: 6 }).map((grant, number) => {
    const actions = ['orders.read']
    const { compiled: _, ...policy } = compiled({ ...grant, id: `gra_${number}`, actions })
    return policy
  })
  const checked = compileEngine({ policies, schema })
  assert.ok(checked.ok, JSON.stringify(checked))
})

test('a grant is decided alike whether its compiled form or its text is read', () => {
  const { compiled: _, ...text } = compiled({ conditions: { instances: ['pod "1"'] } })
  for (const instance of ['pod "1"', 'pod 2'])
    assert.deepEqual(
      decided(text, { instance }),
      decided(compiled({ conditions: { instances: ['pod "1"'] } }), { instance }),
    )
})

test('what is taken for a network is what the policy language takes', () => {
  const texts = [
    '1.2.3.4',
    '1.2.3.4/0',
    '1.2.3.4/32',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/08',
    '1.2.3.4/8/8',
    '1.2.3',
    '01.2.3.4',
    '256.1.1.1',
    '::',
    '::/0',
    '::1/128',
    '::1/129',
    '::ffff:1.2.3.4',
    'fe80::1%eth0',
    '2001:db8::/32',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '',
    '/8',
    'x',
    '1.2.3.4/-1',
    '1.2.3.4/+8',
    '12345::',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
  ]
  for (const text of texts) {
    const policies = {
      staticPolicies: {
        a: `permit (principal, action, resource) when { ip(${JSON.stringify(text)}).isIpv4() || true };`,
      },
    }
    const uid = { type: 'U', id: 'a' }
    const answer = cedar.isAuthorized({
      principal: uid,
      action: uid,
      resource: uid,
      context: {},
      entities: [],
      policies,
    })
    const isTaken = answer.type === 'success' && answer.response.diagnostics.errors.length === 0
    assert.equal(isNetwork(text), isTaken, text)
  }
})
