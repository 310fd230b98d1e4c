/** Gives records of one shape one list of names, so that their fields are found once for all of them. */
export interface Shapes {
  /** The list that was given to others with these names, in this order, not long ago. */
  recent(names: readonly string[]): readonly string[] | undefined
  /** The list for these names: proper ones, of a record that is nothing but a record. */
  listed(names: readonly string[]): readonly string[]
}

/** Gives records with the same names, in the same order, the same list of names, as long as there are not too many. */
export const sharedShapes = (stepsMax: number): Shapes => {
  const root = step()
  let steps = 0
  // The last list of each length, up to a length.
  const lasts: (readonly string[] | undefined)[] = new Array<undefined>(LENGTHS).fill(undefined)
  return {
    recent(names) {
      const last = lasts[names.length % LENGTHS]
      return last !== undefined && isSameList(last, names) ? last : undefined
    },
    listed(names) {
      let at = root
      for (const name of names) {
        let next = at.next.get(name)
        if (next === undefined) {
          if (steps >= stepsMax) return names
          steps++
          next = step()
          at.next.set(name, next)
        }
        at = next
      }
      at.names ??= names
      lasts[names.length % LENGTHS] = at.names
      return at.names
    },
  }
}

const LENGTHS = 16

/** Where one is after some names. */
interface Step {
  names: readonly string[] | undefined
  readonly next: Map<string, Step>
}

const step = (): Step => ({ names: undefined, next: new Map() })

const isSameList = (one: readonly string[], other: readonly string[]): boolean => {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

/** For what callers send; bounded, because they choose the names. */
export const requestShapes: Shapes = sharedShapes(2_000)
