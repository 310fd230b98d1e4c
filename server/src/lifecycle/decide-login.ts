import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import type { Caller, Ran } from '../kit/operation.ts'
import { decidingSession, namedLogin, toLoginOutput } from './device-shape.ts'
import type { LifecyclePorts } from './room.ts'
import type { LifecycleTables } from './schema.ts'
import { decideLogin } from './store-login.ts'

/** What a person says of a login that waits, and the record of it. */
export const decideOnLogin = async (
  state: 'approved' | 'refused',
  given: {
    readonly tx: Transaction<LifecycleTables>
    readonly input: { readonly device: string }
    readonly ports: LifecyclePorts
    readonly caller: Caller
    readonly now: Date
  },
): Promise<Ran<ReturnType<typeof toLoginOutput>>> => {
  const { tx, input, ports, caller, now } = given
  const session = await decidingSession(tx, caller)
  const userHash = namedLogin(ports, caller, input.device)
  const login = await decideLogin(tx, userHash, { state, person: caller.actor.id ?? '', session, now })
  if (login === undefined) throw coreFault('not_found')
  return {
    output: toLoginOutput(login),
    change: [{ field: 'login', before: 'pending', after: state }],
    evidence: { login: login.id, from: login.ip, region: login.region },
  }
}
