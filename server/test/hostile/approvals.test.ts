import assert from 'node:assert/strict'
import type { AnyTx } from '../../src/kit/database.ts'
import { Fault } from '../../src/kit/fault.ts'
import { insertPerson } from '../../src/lifecycle/store-person.ts'
import { personCaller } from '../lifecycle.ts'
import { declaredBot, declaredResource, openPlugged, peopleOf } from '../plugged.ts'
import { onEveryEngine, type Room } from '../room.ts'

const GRANT = 'policy.grant.create'
const APPROVE = 'lifecycle.approval.approve'
const EXCEPTION = 'lifecycle.exception.create'

const open = async (room: Room) => {
  const plugged = await openPlugged(room)
  const people = await peopleOf(room, plugged)
  const { call } = plugged
  await call('inventory.identity.create', declaredBot('reader'), people.admin)
  await call('policy.resource.create', declaredResource('orders'), people.admin)
  await call('policy.resource.create', declaredResource('ledger', { owner: 'team-b' }), people.admin)
  return { ...plugged, ...people }
}

onEveryEngine(
  'a bundle that gives more than when its grant was approved is not granted by that approval',
  async (room) => {
    const { call, ask, admin, ownerA, approverB } = await open(room)
    const matrix = [{ resource: 'ledger', actions: ['ledger.read'] }]
    await call('policy.bundle.create', { name: 'reports', purpose: 'reads the ledger', matrix }, admin)
    const wanted = { identity: 'reader', bundle: 'reports', expiresAt: '30d' }
    const { id } = await ask(GRANT, wanted, ownerA)
    await call(APPROVE, { approval: id }, approverB)
    await call('policy.resource.create', declaredResource('payroll', { owner: 'team-b' }), admin)
    // Nobody holds the bundle yet, so nobody is asked about what it gains.
    const more = [...matrix, { resource: 'payroll', actions: ['payroll.read'] }]
    await call('policy.bundle.change', { bundle: 'reports', matrix: more }, admin)
    await assert.rejects(call(GRANT, { ...wanted, approval: id }, ownerA), { code: 'approval_outgrown' })
    await call('policy.bundle.change', { bundle: 'reports', matrix }, admin)
    assert.equal((await call(GRANT, { ...wanted, approval: id }, ownerA)).approval, id)
  },
)

onEveryEngine('no approval is asked for an operation that spends none, though it names one', async (room) => {
  const { ask, admin } = await open(room)
  for (const operation of ['show', 'approve', 'refuse'])
    await assert.rejects(
      ask(`lifecycle.approval.${operation}`, { reason: 'x' }, admin),
      { code: 'approval_not_needed' },
      operation,
    )
})

onEveryEngine('who approves for one side of an exception does not learn by it what is on the other', async (room) => {
  const { call, ask, admin, approverB } = await open(room)
  const { id: resource } = await call('policy.resource.show', { resource: 'ledger' }, admin)
  const expiresAt = new Date(room.clock.now().getTime() + 86_400_000).toISOString()
  const asked = async (name: string) => {
    const subject = `${name}/${resource}`
    const input = { kind: 'environment-isolation', subject, reason: 'x', expiresAt }
    const answer = await ask(EXCEPTION, input, approverB).catch((error: unknown) => error)
    assert.ok(answer instanceof Fault, 'a name can be guessed: an exception is of an id')
    return JSON.stringify([answer.code, answer.extras]).replaceAll(name, 'NAME')
  }
  assert.equal(await asked('reader'), await asked('nobody'))
})

onEveryEngine('who only looks on in one team approves for another all the same', async (room) => {
  const { call, ask, admin } = await open(room)
  const team = async (identity: string) => (await call('inventory.team.show', { team: identity }, admin)).id
  const [a, b] = [await team('team-a'), await team('team-b')]
  // Asked about the teams in the order of their ids: the first one is where this person only looks on.
  const [, second] = [a, b].sort()
  const both = personCaller(
    'per_both',
    { role: 'viewer', team: a },
    { role: 'viewer', team: b },
    { role: 'approver', team: second },
  )
  const person = {
    id: 'per_both',
    name: 'both',
    email: 'both@example.com',
    roles: both.roles,
    invitedBy: null,
    now: room.clock.now(),
  }
  await room.database.write((tx: AnyTx) => insertPerson(tx, person))
  await call('policy.resource.change', { resource: 'orders', owner: 'team-a' }, admin)
  const asked = await ask('policy.resource.change', { resource: 'orders', owner: 'team-b' }, admin)
  assert.equal(asked.teams.length, 2)
  assert.equal((await call(APPROVE, { approval: asked.id }, both)).votes.length, 1)
})
