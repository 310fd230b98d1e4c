import type { AnyDb } from '../kit/database.ts'
import type { BrokerPorts } from './room.ts'

/** An identity as a sentence calls it, by its name with its id; for who may know of it. */
export const identityWords = async (
  { subjects }: Pick<BrokerPorts, 'subjects'>,
  db: AnyDb,
  id: string,
): Promise<string> => {
  const subject = await subjects.find(db, id)
  return subject === undefined ? id : `${subject.name} (${id})`
}
