import { inventoryOperations } from '../src/inventory/index.ts'
import type { InventoryPorts, StopRequest } from '../src/inventory/room.ts'
import { faultTable } from '../src/kit/fault.ts'
import type { Caller, Operation } from '../src/kit/operation.ts'
import { adminCaller, type Room } from './room.ts'

/** Inventory on a real database, with fakes of what the other rooms tell it. */
export interface InventoryRoom {
  readonly ports: InventoryPorts
  call(name: string, input: unknown, caller?: Caller): Promise<Answer>
  /** What was stopped, lifted again, and moved to another team, oldest first. */
  readonly stops: readonly (StopRequest | { readonly lifted: string } | { readonly moved: string })[]
  /** The operations and inputs that approvals were spent for. */
  readonly spent: readonly { readonly operation: string; readonly input: unknown; readonly need: string }[]
  /** The teams that those approvals had to be of. */
  readonly spentFor: readonly (string | null)[]
  /** Identities whose belongings were ended. */
  readonly ended: readonly string[]
  /** Identities whose belongings were given to a team. */
  readonly given: readonly { readonly identity: string; readonly team: string }[]
  /** What findings were told to follow. */
  readonly followed: readonly {
    readonly sighting: string | null
    readonly from: string | null
    readonly to: string | null
  }[]
}

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** The verifier that has confirmed nothing. */
export const UNCONFIRMED = {
  kind: 'verifier',
  name: 'orders-api',
  instance: null,
  confirmedSeq: null,
  lastHeardAt: null,
} as const

/** An approval that the fake takes; any other is missing. */
export const APPROVAL = 'apr_test'

const approvals = faultTable({
  approval_missing: { kind: 'denied', message: 'this needs an approval', fix: 'ask for one' },
})

/** The room's operations, with ports that remember what they were told. */
export const openInventory = (room: Room): InventoryRoom => {
  const stops: (StopRequest | { lifted: string } | { moved: string })[] = []
  const spent: { operation: string; input: unknown; need: string }[] = []
  const spentFor: (string | null)[] = []
  const ended: string[] = []
  const given: { identity: string; team: string }[] = []
  const followed: { sighting: string | null; from: string | null; to: string | null }[] = []
  const place = () => ({ seq: stops.length, signals: [{ topic: 'revocation', key: 'feed' }] })
  const ports: InventoryPorts = {
    cursors: room.cursors,
    connectors: {
      sealer: room.sealer,
      vendors: { problem: ({ settings }) => (settings.host === 'wrong' ? 'settings.host: is wrong' : undefined) },
    },
    stops: {
      stop: async (_tx, stop) => {
        stops.push(stop)
        return place()
      },
      lift: async (_tx, scope, id) => {
        stops.push({ lifted: `${scope}:${id}` })
        return place()
      },
      moved: async (_tx, { identity, from, to }) => {
        stops.push({ moved: `${identity}:${from}:${to}` })
        return undefined
      },
      unconfirmed: async () => [UNCONFIRMED],
    },
    impact: {
      credentials: async (_db, _id, { after }) =>
        after === undefined
          ? { total: 2, items: [{ id: 'crd_test', kind: 'public-key', lastUsedAt: null }], next: [1, 'crd_test'] }
          : { total: 2, items: [{ id: `after_${after}`, kind: 'public-key', lastUsedAt: null }], next: undefined },
      grants: async () => [{ resource: 'orders', actions: ['read'] }],
      recentUse: async (_db, _id, since) => [{ resource: 'orders', action: 'read', at: since, instance: 'pod-1' }],
    },
    approvals: {
      spend: async (_tx, { approval, operation, input, needed }) => {
        if (approval !== APPROVAL) throw approvals.fault('approval_missing')
        spent.push({ operation, input, need: needed.need })
        spentFor.push(...needed.teams)
        return { id: approval }
      },
    },
    keys: { holders: async () => new Map() },
    belongings: {
      give: async (_tx, identity, team) => {
        given.push({ identity, team })
      },
      follow: async (_tx, { sighting, from, to }) => {
        followed.push({ sighting, from, to: to?.id ?? null })
        return [{ topic: 'finding', key: to?.id ?? from ?? '' }]
      },
    },
    endings: {
      retire: async (_tx, id) => {
        ended.push(id)
        return [{ topic: 'grant', key: id }]
      },
    },
  }
  const operations = new Map<string, Operation>(
    inventoryOperations.map((unplugged) => {
      const operation = unplugged(ports)
      return [operation.name, operation]
    }),
  )
  return {
    ports,
    stops,
    spent,
    spentFor,
    ended,
    given,
    followed,
    call: (name, input, caller = adminCaller) => {
      const operation = operations.get(`inventory.${name}`)
      if (operation === undefined) throw new Error(`no operation inventory.${name}`)
      return room.call(operation, input, caller)
    },
  }
}

/** A team that is complete. */
export const team = (name = 'payments') => ({
  name,
  technicalContact: 'on-call@example.com',
  businessContact: 'head@example.com',
  businessUnit: 'commerce',
})

/** An identity of low risk that is complete; its owner is the team `payments`. */
export const bot = (name = 'orders-sync') => ({
  name,
  kind: 'bot',
  owner: 'payments',
  purpose: 'copies orders to the warehouse',
  environment: 'production',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
  expiresAt: '180d',
  reviewAt: '90d',
  tags: { business_unit: 'commerce', application: 'orders', repository: 'git.example.com/orders' },
})

/** A caller that is this identity. */
export const identityCaller = (id: string, name: string): Caller => ({
  ...adminCaller,
  actor: { principalType: 'nhi', id, name },
  roles: [],
})
