import type { Subject, Subjects } from '../../src/broker/room.ts'

/** Identities in memory, by id and name. */
export interface FakeSubjects extends Subjects {
  /** Adds or changes one; what is not given is that of a low, active bot in production. */
  put(id: string, fields?: Partial<Subject>): Subject
}

/** An empty register. */
export const fakeSubjects = (): FakeSubjects => {
  const byId = new Map<string, Subject>()
  const find: Subjects['find'] = async (_db, idOrName) =>
    byId.get(idOrName) ?? [...byId.values()].find(({ name }) => name === idOrName)
  return {
    find,
    hold: find,
    put: (id, fields = {}) => {
      const subject = { ...(byId.get(id) ?? bot(id)), ...fields }
      byId.set(id, subject)
      return subject
    },
  }
}

const bot = (id: string): Subject => ({
  id,
  name: id.replace('nhi_', ''),
  kind: 'bot',
  state: 'active',
  tier: 'low',
  environment: 'production',
  owner: { id: 'team_orders', name: 'orders' },
  functions: ['sync'],
  boundary: 'internal',
  blastRadius: 'read-only',
  workflow: { name: 'orders sync', repository: 'shop/orders' },
  tags: { application: 'orders' },
  expiresAt: new Date('2027-11-22T00:00:00.000Z'),
})
