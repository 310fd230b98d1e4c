/** A page of a list, as every list answers. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** The page of a list that was asked for one item more than fits; `cursorAfter` names the last item's place. */
export const pageOf = <Item>(
  found: readonly Item[],
  limit: number,
  cursorAfter: (last: Item) => string,
): Page<Item> => {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorAfter(last) : null }
}
