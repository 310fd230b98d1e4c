import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { AnyTx } from '../src/kit/database.ts'
import { coreFault } from '../src/kit/fault.ts'
import { createLimiter } from '../src/kit/limiter.ts'
import type { Caller, Operation } from '../src/kit/operation.ts'
import { createApprovals, createSessionGate, firstAdminCode, lifecycleOperations } from '../src/lifecycle/index.ts'
import type { LifecyclePorts } from '../src/lifecycle/room.ts'
import { insertPerson } from '../src/lifecycle/store-person.ts'
import type { Needed } from '../src/settings.ts'
import { type FakeFindings, fakeFindings } from './fakes/findings.ts'
import { adminCaller, type Room } from './room.ts'

// What may come with an approval.
const SPENDING = ['lifecycle.exception.create', 'lifecycle.person.change', 'lifecycle.person.remove']

const ISSUER = 'http://127.0.0.1:4650'

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** A person's device: its key pair, and assertions that it signs. */
export interface Device {
  readonly jwk: Answer
  readonly algorithm: 'ES256' | 'EdDSA'
  readonly privateKey: KeyObject
}

/** Lifecycle on a real database, with teams `team_a`, `team_b` and the identities `nhi_low` and `nhi_high` of team_a. */
export interface LifecycleRoom {
  readonly ports: LifecyclePorts
  readonly findings: FakeFindings
  call(name: string, input: unknown, caller?: Caller): Promise<Answer>
  /** Makes the call with an approval that this person gave. */
  agreed(name: string, input: object, caller: Caller, by: Caller): Promise<Answer>
  /** Makes people of these callers, with the roles that they have. */
  join(...callers: readonly Caller[]): Promise<void>
  /** Signs an assertion for a person; what is given replaces its claims. */
  assertion(device: Device, person: string, over?: Record<string, unknown>): Promise<string>
  /** Enrols the first admin. */
  enrolAdmin(device?: Device): Promise<{ person: Answer; device: Device }>
}

/** The room's operations, plugged. */
export const openLifecycle = (room: Room): LifecycleRoom => {
  const gate = createSessionGate()
  room.changes.follow('session', gate.follower)
  const teams = new Map(['team_a', 'team_b'].map((id) => [id, { id, name: id.replace('_', ' ') }]))
  const identities = new Map(
    (['low', 'high'] as const).map((tier) => [
      `nhi_${tier}`,
      { id: `nhi_${tier}`, name: tier, tier, owner: { id: 'team_a' } },
    ]),
  )
  const byName = new Map<string, Operation>()
  const approvals = createApprovals()
  const findings = fakeFindings()
  const ports: LifecyclePorts = {
    cursors: room.cursors,
    random: room.random,
    issuer: () => ISSUER,
    codesNamed: createLimiter(room.clock, 10),
    teams: { find: async (_db, id) => teams.get(id) },
    identities: { find: async (_db, id) => identities.get(id) },
    resources: {
      find: async (_db, id) => (id === 'res_1' ? { id, name: 'orders-api', owner: 'team_b' } : undefined),
    },
    approvals,
    findings: findings.port,
    calls: {
      rehearsal: async ({ operation: name, input, approval, caller }) => {
        if (name === 'policy.grant.create')
          return {
            input,
            run: async (tx) => {
              const requester = caller.actor.id
              const spend = { approval, operation: name, input, requester, needed: grantNeeds(input) }
              await approvals.spend(tx, { ...spend, now: room.clock.now() })
            },
          }
        const operation = byName.get(name)
        if (operation === undefined) throw coreFault('unknown_operation')
        if (!SPENDING.includes(name)) return undefined
        return room.pipeline.rehearsal(operation, { ...input, approval }, caller)
      },
    },
  }
  for (const unplugged of lifecycleOperations) {
    const operation = unplugged(ports)
    byName.set(operation.name, operation)
  }
  const call = (name: string, input: unknown, caller: Caller = adminCaller): Promise<Answer> => {
    const operation = byName.get(`lifecycle.${name}`)
    if (operation === undefined) throw new Error(`no operation ${name}`)
    return room.call(operation, input, caller)
  }
  return {
    ports,
    findings,
    call,
    agreed: async (name, input, caller, by) => {
      const request = { operation: `lifecycle.${name}`, input, reason: 'agreed' }
      const { id } = await call('approval.request', request, caller)
      await call('approval.approve', { approval: id }, by)
      return call(name, { ...input, approval: id }, caller)
    },
    join: async (...callers) => {
      for (const { actor, roles } of callers) {
        const id = actor.id ?? ''
        const person = { id, name: id, email: `${id}@example.com`, roles, invitedBy: null, now: room.clock.now() }
        await room.database.write((tx: AnyTx) => insertPerson(tx, person))
      }
    },
    assertion: (device, person, over = {}) => {
      const seconds = Math.floor(room.clock.now().getTime() / 1000)
      const claims = {
        iss: person,
        sub: person,
        aud: ISSUER,
        iat: seconds,
        exp: seconds + 60,
        jti: room.random.id('jti'),
      }
      return new SignJWT({ ...claims, ...over })
        .setProtectedHeader({ alg: device.algorithm, typ: 'JWT' })
        .sign(device.privateKey)
    },
    enrolAdmin: async (device = newDevice()) => {
      const code = await firstAdminCode(room.database, room.clock.now(), room.random, 'srv_1')
      const person = await call(
        'person.enrol',
        { code, key: device.jwk, name: 'Ada', email: 'ada@example.com' },
        nobody,
      )
      return { person, device }
    },
  }
}

/** What the grants of these tests need: by the tier of whom they are for, of the team that gets them. */
export const grantNeeds = (input: Readonly<Record<string, unknown>>): Needed => ({
  need: input.identity === 'nhi_high' ? 'security-and-owner' : 'one',
  teams: [typeof input.owner === 'string' ? input.owner : 'team_a'],
  why: ['every action on orders-api'],
})

/** A device with a key of its own. */
export const newDevice = (algorithm: 'ES256' | 'EdDSA' = 'ES256'): Device => {
  const { publicKey, privateKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return { jwk: publicKey.export({ format: 'jwk' }), algorithm, privateKey }
}

/** A caller who proved nothing. */
export const nobody: Caller = {
  ...adminCaller,
  actor: { principalType: 'anonymous', id: null, name: null },
  roles: [],
}

/** A person with these roles. */
export const personCaller = (id: string, ...roles: Caller['roles']): Caller => ({
  ...adminCaller,
  actor: { principalType: 'human', id, name: id },
  roles,
})

/** A non-human identity. */
export const identityCaller = (id: string): Caller => ({
  ...adminCaller,
  actor: { principalType: 'nhi', id, name: id },
  roles: [],
})
