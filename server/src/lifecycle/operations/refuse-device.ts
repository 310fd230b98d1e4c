import { z } from 'zod'
import { decideOnLogin } from '../decide-login.ts'
import { DeviceInput, LoginOutput } from '../device-shape.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import { personOf } from './show-person.ts'

/** Turns the machine that waits away: somebody else may have begun it. */
export const refuseDevice = operation.write({
  name: 'lifecycle.device.refuse',
  summary: 'refuse the login that waits under a code',
  input: z.strictObject({ device: DeviceInput }),
  output: LoginOutput,
  faults: ['login_by_login'],
  principals: ['human'],
  on: async ({ tx, caller }) => personSubject(await personOf(tx, caller.actor.id)),
  run: (given) => decideOnLogin('refused', given),
})
