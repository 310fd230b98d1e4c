import type { AnyTx } from '../src/kit/database.ts'
import { createOutbound } from '../src/kit/fetch.ts'
import { createLog } from '../src/kit/log.ts'
import type { Caller } from '../src/kit/operation.ts'
import { insertPerson } from '../src/lifecycle/store-person.ts'
import { plugRooms, type Rooms, type RoomsGiven } from '../src/rooms.ts'
import { personCaller } from './lifecycle.ts'
import type { Room } from './room.ts'

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** All five rooms on a real database, plugged into each other as in a server, without its sockets. */
export interface Plugged {
  readonly rooms: Rooms
  /** Calls an operation by its name through the real pipeline, judged by the real policies. */
  call(name: string, input: unknown, caller: Caller): Promise<Answer>
  /** Asks for the approval of this call, and answers the request. */
  ask(name: string, input: object, caller: Caller): Promise<Answer>
  /** Makes the call with an approval that these people gave. */
  approved(name: string, input: object, caller: Caller, by: readonly Caller[]): Promise<Answer>
}

/** Whoever these tests need: an admin, security, and the owners and approvers of two teams. */
export interface People {
  readonly admin: Caller
  readonly security: Caller
  readonly otherSecurity: Caller
  readonly ownerA: Caller
  readonly approverA: Caller
  readonly ownerB: Caller
  readonly approverB: Caller
}

/** Plugs the rooms of a test, and starts them. */
export const openPlugged = async (room: Room, over: Partial<RoomsGiven> = {}): Promise<Plugged> => {
  const { database, sealer, cursors, changes, hot, clock, random } = room
  const sequencer = { poke: () => undefined, flush: async () => 0, onNumbered: () => undefined }
  const replica = random.id('srv')
  const rooms = plugRooms(
    {
      ...{ database, sealer, cursors, changes, hot, sequencer, replica },
      keeper: { vkey: 'test' },
      committed: () => undefined,
    },
    {
      clock,
      random,
      log: createLog('silent'),
      outbound: createOutbound({ privateNetworks: [] }),
      deciding: { evaluator: 'compiled', shadowEvery: 0, knowsRegions: true },
      issuer: () => 'https://reeve.example',
      ...over,
    },
  )
  await rooms.start()
  const call: Plugged['call'] = (name, input, caller) => {
    const operation = rooms.operations.find((known) => known.name === name)
    if (operation === undefined) throw new Error(`no operation ${name}`)
    return rooms.pipeline.call(operation, input, caller)
  }
  const ask: Plugged['ask'] = (operation, input, caller) =>
    call('lifecycle.approval.request', { operation, input, reason: 'for the release' }, caller)
  return {
    rooms,
    call,
    ask,
    approved: async (name, input, caller, by) => {
      const { id } = await ask(name, input, caller)
      for (const person of by) await call('lifecycle.approval.approve', { approval: id }, person)
      return call(name, { ...input, approval: id }, caller)
    },
  }
}

/** Two teams, `a` and `b`, and the people of both. */
export const peopleOf = async (room: Room, plugged: Plugged): Promise<People> => {
  const admin = personCaller('per_admin', { role: 'admin', team: null })
  const ids: string[] = []
  for (const name of ['team-a', 'team-b']) {
    const contacts = { technicalContact: 'tech@example.com', businessContact: 'business@example.com' }
    ids.push((await plugged.call('inventory.team.create', { name, ...contacts, businessUnit: 'shop' }, admin)).id)
  }
  const [a = '', b = ''] = ids
  const people = {
    admin,
    security: personCaller('per_security', { role: 'approver', team: null }),
    otherSecurity: personCaller('per_security_two', { role: 'approver', team: null }),
    ownerA: personCaller('per_owner_a', { role: 'owner', team: a }),
    approverA: personCaller('per_approver_a', { role: 'approver', team: a }),
    ownerB: personCaller('per_owner_b', { role: 'owner', team: b }),
    approverB: personCaller('per_approver_b', { role: 'approver', team: b }),
  }
  for (const { actor, roles } of Object.values(people)) {
    const id = actor.id ?? ''
    const person = { id, name: id, email: `${id}@example.com`, roles, invitedBy: null, now: room.clock.now() }
    await room.database.write((tx: AnyTx) => insertPerson(tx, person))
  }
  return people
}

/** An identity of team a that only reads, as it is declared. */
export const declaredBot = (name: string, over: object = {}) => ({
  name,
  kind: 'service',
  owner: 'team-a',
  purpose: 'copies orders to the warehouse',
  environment: 'production',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
  expiresAt: '180d',
  reviewAt: '90d',
  tags: { business_unit: 'shop', application: 'orders', ticket: 'ORD-1' },
  ...over,
})

/** A resource in production with one action of each kind. */
export const declaredResource = (name: string, over: object = {}) => ({
  name,
  uri: `https://${name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: `${name}.read`, effect: 'read' },
    { name: `${name}.write`, effect: 'write' },
    { name: `${name}.purge`, effect: 'privileged' },
  ],
  ...over,
})
