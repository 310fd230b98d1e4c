import assert from 'node:assert/strict'
import { createReceivers } from '../src/policy/index.ts'
import { declaredBot, declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const HOUR_MS = 3_600_000

onEveryEngine('who hears that somebody was stopped: those who serve what it can reach, or could', async (room) => {
  const plugged = await openPlugged(room)
  const { admin, security } = await peopleOf(room, plugged)
  const call = (name: string, input: object) => plugged.call(name, input, admin)
  const make = async (name: string) => (await call('inventory.identity.create', declaredBot(name))).id as string
  const [bot, other, ordersApi, invoicesApi] = [
    await make('bot'),
    await make('other'),
    await make('orders-api'),
    await make('invoices-api'),
  ]
  for (const [name, server] of [
    ['orders', ordersApi],
    ['invoices', invoicesApi],
  ] as const)
    await call('policy.resource.create', declaredResource(name, { owner: 'team-a', servedBy: [server] }))
  const grant = await call('policy.grant.create', {
    identity: bot,
    resource: 'orders',
    actions: ['orders.read'],
    expiresAt: '20d',
  })
  const toldOf = createReceivers(plugged.rooms.memory)
  const heard = async (about: { identity: string } | { team: string }, agoMs = HOUR_MS) => [
    ...(await toldOf(room.database.reader, about, new Date(room.clock.now().getTime() - agoMs))),
  ]
  const { team } = await room.database.reader.selectFrom('policy_grant').select('team').executeTakeFirstOrThrow()
  assert.deepEqual(await heard({ identity: bot }), [ordersApi])
  assert.deepEqual(await heard({ identity: other }), [])
  assert.deepEqual(await heard({ team }), [ordersApi])

  await call('policy.grant.revoke', { grant: grant.id, reason: 'not needed' })
  room.clock.advance(HOUR_MS)
  assert.deepEqual(await heard({ identity: bot }), [ordersApi], 'a token of the grant may be in use')
  room.clock.advance(1)
  assert.deepEqual(await heard({ identity: bot }), [])

  // What a permit of one's own may give is told of, whatever its conditions come to.
  const put = async (text: string) => {
    await call('policy.set.change', { put: [{ name: 'own', file: 'own.cedar', text }] })
    await room.changes.catchUp()
  }
  const permit = (principal: string, action: string, resource: string) =>
    `@id("own")\npermit (${principal}, ${action}, ${resource}) when { context has sourceIp };\n`
  const read = 'action == Reeve::Action::"invoices.read"'
  await put(permit('principal is Reeve::Identity', read, 'resource is Reeve::Resource'))
  assert.deepEqual([await heard({ identity: bot }), await heard({ identity: other })], [[invoicesApi], [invoicesApi]])
  await put(permit(`principal == Reeve::Identity::"${bot}"`, read, 'resource is Reeve::Resource'))
  assert.deepEqual([await heard({ identity: bot }), await heard({ identity: other })], [[invoicesApi], []])
  await put(permit('principal is Reeve::Person', read, 'resource is Reeve::Resource'))
  assert.deepEqual(await heard({ identity: bot }), [])
  // Who may act for others may stand in a token for anything.
  const text = permit(
    `principal == Reeve::Identity::"${other}"`,
    'action == Reeve::Action::"broker.token.exchange"',
    'resource',
  )
  await plugged.approved('policy.set.change', { put: [{ name: 'own', file: 'own.cedar', text }] }, admin, [security])
  await room.changes.catchUp()
  assert.deepEqual((await heard({ identity: other })).toSorted(), [ordersApi, invoicesApi].toSorted())
  assert.deepEqual(await heard({ identity: bot }), [])
})
