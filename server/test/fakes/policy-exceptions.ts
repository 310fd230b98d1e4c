import type { PolicyPorts } from '../../src/policy/room.ts'

type Port = PolicyPorts['exceptions']

/** Exceptions in a list; only live ones are found. */
export interface FakeExceptions extends Port {
  allow(kind: string, subject: string, expiresAt: Date): void
  end(kind: string, subject: string): void
}

/** No exceptions until a test allows one. */
export const fakeExceptions = (): FakeExceptions => {
  const kept = new Map<string, { readonly id: string; readonly expiresAt: Date }>()
  const keyOf = (kind: string, subject: string): string => JSON.stringify([kind, subject])
  return {
    allow: (kind, subject, expiresAt) => void kept.set(keyOf(kind, subject), { id: `exc_${kept.size}`, expiresAt }),
    end: (kind, subject) => void kept.delete(keyOf(kind, subject)),
    find: async (_db, kind, subject, now) => {
      const found = kept.get(keyOf(kind, subject))
      return found !== undefined && found.expiresAt > now ? found : undefined
    },
    inForce: async (_db, kind, now) =>
      [...kept].flatMap(([key, { id, expiresAt }]) => {
        const [of, subject] = JSON.parse(key)
        return of === kind && expiresAt > now ? [{ id, subject, expiresAt }] : []
      }),
  }
}
