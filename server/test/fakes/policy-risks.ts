import type { Risks } from '../../src/policy/room.ts'

/** What is open against identities, in a map. */
export interface FakeRisks extends Risks {
  set(identityId: string, risk: number): void
}

/** Nothing is open against anybody. */
export const fakeRisks = (): FakeRisks => {
  const kept = new Map<string, number>()
  return { set: (id, risk) => void kept.set(id, risk), of: async (_db, id) => kept.get(id) ?? 0 }
}
