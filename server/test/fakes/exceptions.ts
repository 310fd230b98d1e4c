import type { BrokerPorts } from '../../src/broker/room.ts'

/** Exceptions in memory. */
export interface FakeExceptions {
  readonly port: BrokerPorts['exceptions']
  add(kind: string, subject: string, expiresAt: Date): void
}

/** No exceptions yet. */
export const fakeExceptions = (): FakeExceptions => {
  const known = new Map<string, { id: string; expiresAt: Date }>()
  return {
    port: {
      find: async (_db, kind, subject, now) => {
        const found = known.get(`${kind} ${subject}`)
        return found !== undefined && found.expiresAt > now ? found : undefined
      },
    },
    add: (kind, subject, expiresAt) => {
      known.set(`${kind} ${subject}`, { id: `exc_${known.size}`, expiresAt })
    },
  }
}
