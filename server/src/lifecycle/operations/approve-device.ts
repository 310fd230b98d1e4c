import { z } from 'zod'
import { decideOnLogin } from '../decide-login.ts'
import { DeviceInput, LoginOutput } from '../device-shape.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import { personOf } from './show-person.ts'

/** Gives the machine that waits a session of the person who calls; it stays theirs to end. */
export const approveDevice = operation.write({
  name: 'lifecycle.device.approve',
  summary: 'let the machine that shows this code act as you while this session lives, for 8 hours at most',
  input: z.strictObject({ device: DeviceInput }),
  output: LoginOutput,
  faults: ['login_by_login'],
  principals: ['human'],
  on: async ({ tx, caller }) => personSubject(await personOf(tx, caller.actor.id)),
  run: (given) => decideOnLogin('approved', given),
})
