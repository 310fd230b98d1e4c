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
