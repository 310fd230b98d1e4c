/** Makes choices from a list of numbers; when they are used up, every choice is the first, so that less is simpler. */
export interface Entropy {
  /** A whole number from 0 to below `count`. */
  below(count: number): number
  /** One of several. */
  pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item
  /** True once in so many times. */
  oneIn(times: number): boolean
  /** A list made by calling `make` up to `most` times. */
  some<Item>(most: number, make: () => Item): Item[]
}

export const entropy = (numbers: ArrayLike<number>): Entropy => {
  let at = 0
  const below = (count: number): number => {
    const number = at < numbers.length ? (numbers[at++] ?? 0) : 0
    return number % count
  }
  return {
    below,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    oneIn: (times) => below(times) === times - 1,
    some: (most, make) => Array.from({ length: below(most + 1) }, make),
  }
}
