import type { AnyTx } from '../../kit/database.ts'
import { fault } from '../faults.ts'
import type { BrokerPorts, Subject } from '../room.ts'
import { countWorking, WORKING_MAX } from '../store-credential.ts'

/**
 * The identity that is to get a credential, held until the commit: or a tier that rises at the same moment is neither
 * seen here, nor the credential by what is found of it there. It has room for one more.
 */
export const holdActive = async (
  ports: Pick<BrokerPorts, 'subjects'>,
  tx: AnyTx,
  identity: string,
  now: Date,
): Promise<Subject> => {
  const subject = await ports.subjects.hold(tx, identity)
  if (subject === undefined) throw fault('identity_not_found')
  if (subject.state !== 'active') throw fault('identity_not_active', { about: `it is ${subject.state}` })
  if ((await countWorking(tx, subject.id, now)) >= WORKING_MAX)
    throw fault('credential_too_many', { about: `it has ${WORKING_MAX}` })
  return subject
}
