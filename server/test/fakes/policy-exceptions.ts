import type { Exceptions } from '../../src/policy/room.ts'

/** Exceptions in a list; only live ones are found. */
export interface FakeExceptions extends Exceptions {
  allow(kind: string, subject: string, expiresAt: Date): void
}

/** No exceptions until a test allows one. */
export const fakeExceptions = (): FakeExceptions => {
  const kept = new Map<string, { readonly id: string; readonly expiresAt: Date }>()
  const keyOf = (kind: string, subject: string): string => JSON.stringify([kind, subject])
  return {
    allow: (kind, subject, expiresAt) => void kept.set(keyOf(kind, subject), { id: `exc_${kept.size}`, expiresAt }),
    find: async (_db, kind, subject, now) => {
      const found = kept.get(keyOf(kind, subject))
      return found !== undefined && found.expiresAt > now ? found : undefined
    },
  }
}
