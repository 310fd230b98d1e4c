import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { isFirstAdminSlot, RECOVERY_SLOT, recoveryFinding } from '../admin-code.ts'
import { openDeviceKey, thumbprintOf } from '../domain/device-key.ts'
import { isDeciding, rolesText } from '../domain/role.ts'
import { isSecretText, secretHash } from '../domain/secret-text.ts'
import { fault } from '../faults.ts'
import { begunFourEyes } from '../four-eyes.ts'
import { PersonOutput, personSubject, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import type { LifecycleTables } from '../schema.ts'
import { type Code, findCode, spendCode } from '../store-code.ts'
import { holdFourEyes } from '../store-four-eyes.ts'
import { DeviceKeyInput, insertKey } from '../store-key.ts'
import { adminIds, insertPerson, type Person } from '../store-person.ts'

/** Makes a person of somebody who has an enrolment code, with the key of the device that they are at. */
export const enrolPerson = operation.write({
  name: 'lifecycle.person.enrol',
  summary: 'enrol a person and the key of their device with a one-time code',
  input: z.strictObject({
    code: z.string().min(1).max(100),
    key: DeviceKeyInput,
    name: Line(100),
    email: z.email().max(254),
  }),
  output: PersonOutput.extend({ keyId: z.string() }),
  faults: [
    'enrolment_code_invalid',
    'enrolment_code_expired',
    'enrolment_code_used',
    'device_key_invalid',
    'device_key_taken',
    'email_taken',
  ],
  principals: ['anonymous', 'human'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, now, newId }) => {
    if (openDeviceKey(input.key) === undefined) throw fault('device_key_invalid')
    const id = newId('per')
    const isFourEyes = await holdFourEyes(tx)
    const code = await useCode(tx, input.code, id, now)
    if (isFourEyes && isOnePersonsWord(code)) throw fault('enrolment_code_invalid', { about: TWO_NEEDED })
    const email = input.email.toLowerCase()
    const person: Person = {
      id,
      name: input.name,
      email,
      state: 'active',
      createdAt: now,
      removedAt: null,
      roles: code.roles,
    }
    if (!(await insertPerson(tx, { ...person, invitedBy: code.createdBy, now }))) throw fault('email_taken')
    const thumbprint = thumbprintOf(input.key)
    if (!(await insertKey(tx, { thumbprint, person: id, key: input.key, now }))) throw fault('device_key_taken')
    const begun = isFourEyes ? [] : await begunFourEyes(tx, now)
    if (code.slot === RECOVERY_SLOT) await ports.findings.report(tx, [recoveryFinding(person, code.id)], now)
    return {
      output: { ...toPersonOutput(person), keyId: thumbprint },
      on: personSubject(person),
      change: [
        { field: 'state', before: null, after: 'active' },
        { field: 'roles', before: null, after: rolesText(code.roles) },
        ...begun,
      ],
      evidence: { invitation: code.id, invitedBy: code.createdBy, key: thumbprint },
    }
  },
})

const TWO_NEEDED = 'it was made while one person alone could give such a role'

/** A code of an approver or admin that a person made, while nobody else had to agree. */
const isOnePersonsWord = ({ roles, createdBy }: Code): boolean => createdBy !== null && roles.some(isDeciding)

const useCode = async (tx: Transaction<LifecycleTables>, text: string, by: string, now: Date): Promise<Code> => {
  if (!isSecretText('ec', text)) throw fault('enrolment_code_invalid')
  const hash = secretHash(text)
  // The first admin's code is dead once there is an admin, however that one came to be.
  const admins = (await adminIds(tx)).length
  const code = await spendCode(tx, hash, by, now)
  if (code !== undefined) {
    if (isFirstAdminSlot(code.slot) && admins > 0) throw fault('enrolment_code_invalid')
    return code
  }
  const found = await findCode(tx, hash)
  if (found === undefined) throw fault('enrolment_code_invalid')
  throw fault(found.usedAt === null ? 'enrolment_code_expired' : 'enrolment_code_used')
}
