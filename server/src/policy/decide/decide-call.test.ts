import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { everyOperation } from '../../catalogue.ts'
import { type Caller, type RoleHeld, type Subject, UNOWNED } from '../../kit/operation.ts'
import { systemRandom } from '../../kit/random.ts'
import { builtinPolicies } from '../builtin-policies.ts'
import { accessOf, type KnownOperation } from '../operation-access.ts'
import { createCallDecider } from './decide-call.ts'

const READS = /\.(?:list|show|export)$/
const NOW = new Date('2026-11-22T12:00:00.000Z')

const person = (...roles: RoleHeld[]): Caller => ({
  actor: { principalType: 'human', id: 'per_ada', name: 'ada' },
  roles,
  credential: null,
  instance: null,
  token: null,
  workflow: null,
  source: { ip: '10.1.2.3', region: null, userAgent: null },
  requestId: 'req_1',
  traceparent: null,
})
const identity = (id: string): Caller => ({ ...person(), actor: { principalType: 'nhi', id, name: id } })
const nobody: Caller = { ...person(), actor: { principalType: 'anonymous', id: 'per_ada', name: 'ada' } }
const job: Caller = { ...person(), actor: { principalType: 'automation', id: 'sweep', name: 'sweep' } }

const ofTeam = (team: string | null, id = 'nhi_orders'): Subject => ({
  type: 'Identity',
  id,
  name: 'orders',
  environment: 'production',
  team,
})
const everything: Subject = { type: 'Deployment', id: 'reeve', name: 'reeve', environment: null, team: null }
const team = (id: string): Subject => ({ type: 'Team', id, name: id, environment: null, team: id })

const resource = (owner: string | null): Subject => ({ ...ofTeam(owner, 'res_orders'), type: 'Resource' })

const self: Subject = { type: 'Person', id: 'per_ada', name: 'ada', environment: null, team: null }
const other: Subject = { ...self, id: 'per_bob', name: 'bob' }

const all = (role: RoleHeld['role']): RoleHeld => ({ role, team: null })
const scoped = (role: RoleHeld['role'], of = 'team_a'): RoleHeld => ({ role, team: of })

// who, does what, on what, may
const TABLE: readonly [string, Caller, string, Subject, boolean][] = [
  ['a viewer reads', person(all('viewer')), 'inventory.identity.list', everything, true],
  ['a viewer changes nothing', person(all('viewer')), 'inventory.identity.change', ofTeam('team_a'), false],
  ['a viewer does not export the log', person(all('viewer')), 'observe.event.export', everything, false],
  ['an auditor reads', person(all('auditor')), 'inventory.identity.show', ofTeam('team_a'), true],
  ['an auditor exports the log', person(all('auditor')), 'observe.event.export', everything, true],
  ['an auditor changes nothing', person(all('auditor')), 'policy.grant.create', ofTeam('team_a'), false],
  ['a viewer of a team reads there', person(scoped('viewer')), 'inventory.identity.show', ofTeam('team_a'), true],
  [
    'a viewer of a team reads nowhere else',
    person(scoped('viewer')),
    'inventory.identity.show',
    ofTeam('team_b'),
    false,
  ],
  ['a viewer of a team reads the team', person(scoped('viewer')), 'inventory.team.show', team('team_a'), true],
  ['a viewer of a team reads not the whole', person(scoped('viewer')), 'inventory.identity.list', everything, false],
  ['an owner changes what is the teams', person(scoped('owner')), 'inventory.identity.change', ofTeam('team_a'), true],
  ['an owner makes identities of the team', person(scoped('owner')), 'inventory.identity.create', team('team_a'), true],
  ['an owner grants', person(scoped('owner')), 'policy.grant.create', ofTeam('team_a'), true],
  ['an owner adds a key', person(scoped('owner')), 'broker.credential.add', ofTeam('team_a'), true],
  ['an owner leaves others alone', person(scoped('owner')), 'policy.grant.create', ofTeam('team_b'), false],
  ['an owner leaves the unowned alone', person(scoped('owner')), 'inventory.identity.change', ofTeam(null), false],
  ['an owner registers no resource', person(scoped('owner')), 'policy.resource.create', everything, false],
  ['an owner attests for the team', person(scoped('owner')), 'lifecycle.approval.approve', ofTeam('team_a'), true],
  ['an owner attests for no other', person(scoped('owner')), 'lifecycle.approval.approve', ofTeam('team_b'), false],
  ['an owner makes no exceptions', person(scoped('owner')), 'lifecycle.exception.create', ofTeam('team_a'), false],
  ['an approver approves', person(all('approver')), 'lifecycle.approval.approve', ofTeam('team_a'), true],
  [
    'an approver of a team approves there',
    person(scoped('approver')),
    'lifecycle.approval.approve',
    ofTeam('team_a'),
    true,
  ],
  [
    'an approver of a team approves nowhere else',
    person(scoped('approver')),
    'lifecycle.approval.approve',
    ofTeam('team_b'),
    false,
  ],
  ['an approver of everything releases', person(all('approver')), 'inventory.owner.release', team('team_a'), true],
  ['an approver of a team does not', person(scoped('approver')), 'inventory.owner.release', team('team_a'), false],
  ['an approver grants nothing', person(all('approver')), 'policy.grant.create', ofTeam('team_a'), false],
  ['an admin does the rest', person(all('admin')), 'policy.access.apply', everything, true],
  ['an admin of a team does not', person(scoped('admin')), 'policy.access.apply', everything, false],
  ['an admin of a team owns there', person(scoped('admin')), 'inventory.identity.retire', ofTeam('team_a'), true],
  ['a person without a role reads nothing', person(), 'inventory.identity.list', everything, false],
  ['a person without a role may leave', person(), 'lifecycle.session.end', self, true],
  ['a person without a role lets a device in', person(), 'lifecycle.device.approve', self, true],
  ['a person lets no device in as another', person(), 'lifecycle.device.approve', other, false],
  ['a person without a role may ask', person(), 'lifecycle.approval.request', everything, true],
  ['a person without a role sends nobody away', person(), 'lifecycle.session.end', other, false],
  ['an identity tells use', identity('nhi_bot'), 'observe.use.report', everything, true],
  ['an identity confirms', identity('nhi_bot'), 'broker.verifier.confirm', everything, true],
  ['an identity sees itself', identity('nhi_bot'), 'inventory.identity.show', ofTeam('team_a', 'nhi_bot'), true],
  ['an identity sees no other', identity('nhi_bot'), 'inventory.identity.show', ofTeam('team_a'), false],
  ['an identity revokes its own', identity('nhi_bot'), 'broker.credential.revoke', ofTeam('team_a', 'nhi_bot'), true],
  ['an identity adds none', identity('nhi_bot'), 'broker.credential.add', ofTeam('team_a', 'nhi_bot'), false],
  ['an identity grants itself nothing', identity('nhi_bot'), 'policy.grant.create', ofTeam('team_a', 'nhi_bot'), false],
  ['a bot makes no children', identity('nhi_bot'), 'inventory.identity.create', team('team_a'), false],
  ['an agent makes children of its team', identity('nhi_agent'), 'inventory.identity.create', team('team_a'), true],
  ['an agent makes none of another team', identity('nhi_agent'), 'inventory.identity.create', team('team_b'), false],
  ['a quarantined identity does nothing', identity('nhi_stopped'), 'observe.use.report', everything, false],
  ['an identity that is not loaded does nothing', identity('nhi_cold'), 'observe.use.report', everything, false],
  ['anybody may enrol', nobody, 'lifecycle.person.enrol', everything, true],
  ['anybody may open a session', nobody, 'lifecycle.session.create', everything, true],
  ['anybody may begin a login', nobody, 'lifecycle.device.start', everything, true],
  ['anybody may finish a login', nobody, 'lifecycle.device.finish', everything, true],
  ['nobody approves a login', nobody, 'lifecycle.device.approve', everything, false],
  ['an identity approves no login', identity('nhi_bot'), 'lifecycle.device.approve', self, false],
  ['anybody may do nothing else', nobody, 'lifecycle.session.end', everything, false],
  ['a claimed name gives nothing', nobody, 'inventory.identity.list', everything, false],
  ['a job does what is listed for it', job, 'broker.key.advance', everything, true],
  ['a job ends rotations', job, 'broker.rotation.advance', ofTeam('team_a'), true],
  ['an owner rotates', person(scoped('owner')), 'broker.credential.rotate', ofTeam('team_a'), true],
  ['an owner ends no rotation', person(scoped('owner')), 'broker.rotation.advance', ofTeam('team_a'), false],
  ['an identity rotates nothing', identity('nhi_bot'), 'broker.credential.rotate', ofTeam('team_a', 'nhi_bot'), false],
  ['a job does nothing else', job, 'inventory.identity.quarantine', ofTeam('team_a'), false],
  ['an unknown operation is refused to identities', identity('nhi_bot'), 'no.such.thing', everything, false],
]

onEveryEngine('who may call what, by the built-in rules', async (room) => {
  const named = [...new Set(TABLE.map(([, , name]) => name))].filter((name) => name !== 'no.such.thing')
  const others = named.map((name): KnownOperation => ({ name, effect: READS.test(name) ? 'read' : 'write' }))
  const policy = await openPolicy(room, { others })
  const owner = { id: 'team_a', name: 'a', isActive: true }
  policy.identities.put({ id: 'nhi_bot', owner })
  policy.identities.put({ id: 'nhi_agent', kind: 'agent', owner })
  policy.identities.put({ id: 'nhi_stopped', state: 'quarantined', owner })
  for (const id of ['nhi_bot', 'nhi_agent', 'nhi_stopped']) await policy.memory.warm(id)
  const { decide } = createCallDecider(policy.memory, systemRandom())
  for (const [name, caller, action, subject, may] of TABLE) {
    const answer = decide({ caller, action, subject, now: NOW })
    assert.equal(answer.isAllowed, may, name)
    assert.equal(answer.decision.outcome, may ? 'allow' : 'deny', name)
    assert.equal(answer.decision.request, answer.kept[0]?.digest, name)
    assert.match(answer.decision.id, /^dec_/)
  }
})

// who, what, is seen
const SEEN: readonly [string, Caller, Subject, boolean][] = [
  ['what is the team’s', person(scoped('viewer')), ofTeam('team_a'), true],
  ['what is another team’s', person(scoped('viewer')), ofTeam('team_b'), false],
  ['another team', person(scoped('admin')), team('team_b'), false],
  ['what is nobody’s', person(scoped('admin')), UNOWNED, false],
  ['what is nobody’s, by who reads everything', person(all('viewer')), UNOWNED, true],
  ['the deployment', person(scoped('viewer')), everything, true],
  ['what is yet to be made', person(scoped('viewer')), { ...ofTeam('team_b'), id: null }, true],
  ['a resource that no team owns', person(scoped('viewer')), resource(null), true],
  ['a resource of another team', person(scoped('viewer')), resource('team_b'), false],
  ['an identity, by itself', identity('nhi_bot'), ofTeam('team_a', 'nhi_bot'), true],
  ['an identity, by another', identity('nhi_bot'), ofTeam('team_a', 'nhi_agent'), false],
  ['its own team, by an identity', identity('nhi_bot'), team('team_a'), true],
  ['another team, by an identity', identity('nhi_bot'), team('team_b'), false],
  ['anything, by who proved nothing', nobody, UNOWNED, false],
]

onEveryEngine('who may know of what, and which teams’ part of a list somebody gets', async (room) => {
  const others = ['inventory.identity.list', 'inventory.identity.show', 'inventory.team.show', 'observe.event.export']
  const policy = await openPolicy(room, { others: others.map((name) => ({ name, effect: 'read' })) })
  for (const id of ['nhi_bot', 'nhi_agent']) {
    policy.identities.put({ id, owner: { id: 'team_a', name: 'a', isActive: true } })
    await policy.memory.warm(id)
  }
  const { sees, part } = createCallDecider(policy.memory, systemRandom())
  for (const [name, caller, subject, isSeen] of SEEN) assert.equal(sees({ caller, subject, now: NOW }), isSeen, name)
  const ofTwo = person(scoped('viewer'), scoped('owner', 'team_b'), scoped('approver', 'team_b'))
  const listed = part({ caller: ofTwo, action: 'inventory.identity.list', now: NOW })
  assert.deepEqual([listed?.teams, listed?.answer.isAllowed], [['team_a', 'team_b'], true])
  assert.deepEqual(listed?.answer.decision.policies, ['reeve:reader-of-team'])
  assert.equal(listed?.answer.decision.request, listed?.answer.kept[0]?.digest)
  for (const [caller, action] of [
    [person(), 'inventory.identity.list'],
    [identity('nhi_bot'), 'inventory.identity.list'],
    [person(scoped('auditor')), 'observe.event.export'],
  ] as const)
    assert.equal(part({ caller, action, now: NOW }), undefined)
})

onEveryEngine('an identity named like a team or a role gains nothing by it', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_x', name: 'admin', owner: { id: 'team_x', name: 'team_a', isActive: true } })
  await policy.memory.warm('nhi_x')
  const { decide } = createCallDecider(policy.memory, systemRandom())
  const asked = { action: 'inventory.identity.change', subject: ofTeam('team_a'), now: NOW }
  assert.equal(decide({ caller: identity('nhi_x'), ...asked }).isAllowed, false)
  assert.equal(decide({ caller: person(scoped('owner', 'a')), ...asked }).isAllowed, false)
})

const PLANS = ['validate', 'test', 'plan', 'compare', 'replay'].map((verb) => `policy.access.${verb}`)
// What `sees` asks of a plan as a whole; the operation of this name is about no directory.
const ON_ITS_OWN = [...PLANS, 'policy.plan.show', 'inventory.identity.list']

const SUBJECTS = [everything, UNOWNED, self, other, team('team_a'), ofTeam('team_a'), ofTeam(null), resource('team_a')]
const DIRECTORIES = [undefined, 'main', 'web2', 'WEB', '', 'web', 'api']
const directed = (subject: Subject, directory: string | undefined): Subject =>
  directory === undefined ? subject : { ...subject, directory }
const cases = everyOperation().flatMap(({ name }) =>
  SUBJECTS.flatMap((subject) =>
    DIRECTORIES.map((directory) => ({
      name,
      isOwn: /^(?:web|api)$/.test(directory ?? ''),
      on: directed(subject, directory),
    })),
  ),
)

onEveryEngine(
  'of all operations, a narrowed session may exactly those on its directories, whatever its person may',
  async (room) => {
    const policy = await openPolicy(room, { others: everyOperation().map(({ name, effect }) => ({ name, effect })) })
    const { decide, sees, part } = createCallDecider(policy.memory, systemRandom())
    for (const may of ['plan', 'plan+apply'] as const) {
      const caller = { ...person(all('admin')), narrowedTo: { directories: ['web', 'api'], may } }
      const anywhere = may === 'plan' ? [] : ['lifecycle.approval.request']
      const onItsOwn = may === 'plan' ? ON_ITS_OWN : [...ON_ITS_OWN, 'policy.access.apply']
      for (const { name, isOwn, on } of cases) {
        const { isAllowed, decision } = decide({ caller, action: name, subject: on, now: NOW })
        const mayThis = anywhere.includes(name) || (isOwn && onItsOwn.includes(name))
        assert.equal(isAllowed, mayThis, `${may} ${name} ${on.type} ${on.directory}`)
        assert.equal(decision.policies.includes('reeve:narrowed-session'), !mayThis)
      }
      assert.equal(part({ caller, action: 'inventory.identity.list', now: NOW }), undefined)
      for (const subject of SUBJECTS.slice(1)) assert.equal(sees({ caller, subject, now: NOW }), false, subject.type)
      assert.equal(sees({ caller, subject: { ...UNOWNED, directory: 'web' }, now: NOW }), true)
      assert.equal(sees({ caller, subject: { ...UNOWNED, directory: 'main' }, now: NOW }), false)
    }
  },
)

test('an operation that nobody classified is for admins', () => {
  assert.equal(accessOf({ name: 'room.new.thing', effect: 'write' }), 'admin')
  assert.equal(accessOf({ name: 'room.new.list', effect: 'read' }), 'read')
})

test('every built-in rule has an id of its own', () => {
  const ids = builtinPolicies.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.every((id) => id.startsWith('reeve:')))
})
