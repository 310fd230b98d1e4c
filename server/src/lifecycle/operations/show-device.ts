import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { DeviceInput, LoginOutput, namedLogin, toLoginOutput } from '../device-shape.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import { findWaiting } from '../store-login.ts'
import { personOf } from './show-person.ts'

/** Shows from where a login came, before a person decides on it (RFC 8628 §5.4). */
export const showDevice = operation.read({
  name: 'lifecycle.device.show',
  summary: 'show the login that waits under a code: from where it came and when',
  input: z.strictObject({ device: DeviceInput }),
  output: LoginOutput,
  faults: [],
  principals: ['human'],
  on: async ({ db, caller }) => personSubject(await personOf(db, caller.actor.id)),
  run: async ({ db, input, ports, caller, now }) => {
    const login = await findWaiting(db, namedLogin(ports, caller, input.device), now)
    if (login === undefined) throw coreFault('not_found')
    return { output: toLoginOutput(login), evidence: { login: login.id } }
  },
})
