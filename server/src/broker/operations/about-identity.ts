import type { AnyDb, AnyTx } from '../../kit/database.ts'
import type { Subject as OperationSubject } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import type { BrokerPorts, Subject } from '../room.ts'

/** The identity by id or name; `identity_not_found` when there is none. */
export const needIdentity = async (
  ports: Pick<BrokerPorts, 'subjects'>,
  db: AnyDb | AnyTx,
  idOrName: string,
): Promise<Subject> => {
  const subject = await ports.subjects.find(db, idOrName)
  if (subject === undefined) throw fault('identity_not_found')
  return subject
}

/** What the policy decides on, and the event names, when an operation is about an identity. */
export const aboutIdentity = (subject: Subject): OperationSubject => ({
  type: 'Identity',
  id: subject.id,
  name: subject.name,
  environment: subject.environment,
  team: subject.owner.id,
  tags: subject.tags,
})
