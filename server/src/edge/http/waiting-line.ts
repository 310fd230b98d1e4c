/** Those who wait, by where they come from. */
export interface WaitingLine<T> {
  size(): number
  push(from: string, one: T): void
  /** The next: each place has its turn, and in it whoever came first. */
  shift(): T | undefined
  /** Whoever has waited longest of the place of which most wait. */
  shiftOfMost(): T | undefined
  /** All of whom this is true; asked of the first of each place, until it is not. */
  shiftWhile(isMeant: (one: T) => boolean): readonly T[]
}

/** Nobody yet. Who comes alone waits behind no crowd from elsewhere, and is not the one who has to give way to it. */
export const createWaitingLine = <T>(): WaitingLine<T> => {
  // In the order of their turns.
  const places = new Map<string, T[]>()
  let size = 0
  const shiftFrom = (place: string, line: T[]): T | undefined => {
    const one = line.shift()
    if (line.length === 0) places.delete(place)
    size -= 1
    return one
  }
  return {
    size: () => size,
    push: (from, one) => {
      const line = places.get(from)
      if (line === undefined) places.set(from, [one])
      else line.push(one)
      size += 1
    },
    shift: () => {
      for (const [place, line] of places) {
        const one = shiftFrom(place, line)
        if (line.length > 0) {
          places.delete(place)
          places.set(place, line)
        }
        return one
      }
      return undefined
    },
    shiftOfMost: () => {
      let most: readonly [string, T[]] | undefined
      for (const each of places) if (most === undefined || each[1].length > most[1].length) most = each
      return most === undefined ? undefined : shiftFrom(...most)
    },
    shiftWhile: (isMeant) => {
      const found: T[] = []
      for (const [place, line] of [...places])
        for (let [first] = line; first !== undefined && isMeant(first); [first] = line) {
          shiftFrom(place, line)
          found.push(first)
        }
      return found
    },
  }
}
