/** Something kept under a name for a holder: a bounded memory in which nobody's share is pushed out by who holds more. */
export interface FairMemory<T> {
  get(name: string): T | undefined
  /** Keeps it as the newest of this holder; whoever holds the most gives up the oldest of theirs where there is no room. */
  put(name: string, value: T, holder: string): void
}

/** An empty memory of at most `entriesMax`. */
export const createFairMemory = <T>(entriesMax: number): FairMemory<T> => {
  const holderOf = new Map<string, string>()
  const held = new Map<string, Map<string, T>>()

  const drop = (name: string): void => {
    const holder = holderOf.get(name) ?? ''
    const theirs = held.get(holder)
    theirs?.delete(name)
    if (theirs?.size === 0) held.delete(holder)
    holderOf.delete(name)
  }

  const largest = (): ReadonlyMap<string, T> | undefined =>
    [...held.values()].reduce<Map<string, T> | undefined>(
      (most, theirs) => (theirs.size > (most?.size ?? 0) ? theirs : most),
      undefined,
    )

  return {
    get: (name) => held.get(holderOf.get(name) ?? '')?.get(name),
    put: (name, value, holder) => {
      drop(name)
      if (holderOf.size >= entriesMax) drop(largest()?.keys().next().value ?? '')
      const theirs = held.get(holder) ?? new Map<string, T>()
      theirs.set(name, value)
      held.set(holder, theirs)
      holderOf.set(name, holder)
    },
  }
}
