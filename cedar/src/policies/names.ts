/** Numbers for the entities and types that heads of policies name, which compare quicker than texts; it only grows. */
export interface Names {
  size(): number
  /** The number of an entity or of a type, or UNNAMED. */
  ofEntity(type: string, id: string): number
  ofType(type: string): number
  /** The same, and gives it one if it has none. */
  addEntity(type: string, id: string): number
  addType(type: string): number
}

/** What nothing in particular is asked of. INVARIANT: the number of no entity and of no type. */
export const ANYTHING = 0

/** The number of what no head names. INVARIANT: nobody asks for it, nor for its negative. */
export const UNNAMED = 2 ** 30 - 1

/** No name yet. */
export const emptyNames = (): Names => {
  const types = new Map<string, number>()
  const entities = new Map<string, Map<string, number>>()
  let last = ANYTHING
  const numberIn = (numbers: Map<string, number>, name: string): number => {
    const number = numbers.get(name) ?? ++last
    numbers.set(name, number)
    return number
  }
  return {
    size: () => last,
    ofEntity: (type, id) => entities.get(type)?.get(id) ?? UNNAMED,
    ofType: (type) => types.get(type) ?? UNNAMED,
    addEntity(type, id) {
      const ofType = entities.get(type) ?? new Map<string, number>()
      entities.set(type, ofType)
      return numberIn(ofType, id)
    },
    addType: (type) => numberIn(types, type),
  }
}
