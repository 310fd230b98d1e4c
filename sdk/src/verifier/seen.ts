/** A bounded memory that forgets what was not asked for. */
export interface Seen<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  delete(key: string): void
  clear(): void
  readonly size: number
}

/** Two generations: what is asked for moves to the young one, and a full young one replaces the old; so no list is kept. */
export const createSeen = <T>(entriesMax: number): Seen<T> => {
  const generationMax = Math.floor(entriesMax / 2)
  let young = new Map<string, T>()
  let old = new Map<string, T>()

  const set = (key: string, value: T): void => {
    if (generationMax < 1) return
    if (young.size >= generationMax && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  return {
    get: (key) => {
      const value = young.get(key)
      if (value !== undefined) return value
      const aged = old.get(key)
      if (aged !== undefined) {
        old.delete(key)
        set(key, aged)
      }
      return aged
    },
    set,
    delete: (key) => {
      young.delete(key)
      old.delete(key)
    },
    clear: () => {
      young = new Map()
      old = new Map()
    },
    get size() {
      return young.size + old.size
    },
  }
}
