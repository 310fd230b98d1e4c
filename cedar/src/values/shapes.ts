import type { Shapes } from './read-value.ts'

/** Gives records with the same names, in the same order, the same list of names, as long as there are not too many. */
export const sharedShapes = (stepsMax: number): Shapes => {
  const root = step()
  let steps = 0
  let last: readonly string[] = []
  return (names) => {
    if (isSameList(last, names)) return last
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
    last = at.names
    return last
  }
}

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
