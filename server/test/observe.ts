import type { Caller, Operation } from '../src/kit/operation.ts'
import { observeOperations } from '../src/observe/index.ts'
import type { ObservePorts } from '../src/observe/room.ts'
import { openLog, type TestLog } from './ledger/log.ts'
import { adminCaller, type Room } from './room.ts'

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** Observe on a real database and a real log, with the identities `nhi_one` and `nhi_two` (team_a), one serving ORDERS. */
export interface ObserveRoom {
  readonly ports: ObservePorts
  readonly log: TestLog
  operation(name: string): Operation
  call(name: string, input: unknown, caller?: Caller): Promise<Answer>
  close(): Promise<void>
}

/** The resource that `nhi_one` serves. */
export const ORDERS = 'https://orders.example'

const RISK = { blastRadius: 'read-only' } as const

/** The room's operations, plugged. */
export const openObserve = async (room: Room, given: Partial<ObservePorts> = {}): Promise<ObserveRoom> => {
  const log = await openLog(room)
  const names = new Map([
    ['nhi_one', 'orders-api'],
    ['nhi_two', 'orders-sync'],
  ])
  const ports: ObservePorts = {
    cursors: room.cursors,
    random: room.random,
    resources: {
      served: (uri, identity) => (uri === ORDERS && identity === 'nhi_one' ? { actions: ['orders.read'] } : undefined),
    },
    sightings: { identitiesOf: async () => new Map([['env:of-two', 'nhi_two']]) },
    identities: {
      find: async (_db, idOrName) => {
        const found = [...names].find(([id, name]) => id === idOrName || name === idOrName)
        return (
          found && {
            id: found[0],
            name: found[1],
            environment: 'production',
            owner: { id: 'team_a', name: 'payments' },
            ...RISK,
            tier: found[0] === 'nhi_two' ? 'low' : 'medium',
          }
        )
      },
    },
    teams: { find: async (_db, id) => (id === 'team_1' ? { name: 'commerce' } : undefined) },
    log: { vkey: log.keeper.vkey, flush: () => log.sequencer.flush() },
    hasReceiver: false,
    reasons: {},
    identityOf: {},
    subjectOf: {},
    ...given,
  }
  const byName = new Map(observeOperations.map((unplugged) => unplugged(ports)).map((made) => [made.name, made]))
  const operation = (name: string): Operation => {
    const found = byName.get(`observe.${name}`)
    if (found === undefined) throw new Error(`no operation ${name}`)
    return found
  }
  return {
    ports,
    log,
    operation,
    call: (name, input, caller = adminCaller) => room.call(operation(name), input, caller),
    close: () => log.close(),
  }
}
