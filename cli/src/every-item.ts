import type { Client } from '@reeve/sdk/client'

/** All items of a list whose name is known only at run time, page after page. */
export const everyItem = async (
  client: Client,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown[]> => {
  const items: unknown[] = []
  let cursor: unknown = input.cursor
  do {
    const page = Object(await client.callByName(name, { limit: 200, ...input, cursor }))
    if (Array.isArray(page.items)) items.push(...page.items)
    cursor = page.nextCursor
  } while (typeof cursor === 'string')
  return items
}

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** All items of a list, page after page. */
export const everyPage = async <Item>(
  list: (page: { limit: number; cursor?: string }) => Promise<Listed<Item>>,
): Promise<readonly Item[]> => {
  const items: Item[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Listed<Item> = await list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}

/** What a list lists. */
export type ItemOf<List extends (...input: never[]) => Promise<Listed<unknown>>> = Awaited<
  ReturnType<List>
>['items'][number]
