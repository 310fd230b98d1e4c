import { linkedPages, type Paging, type Rest } from './rest.ts'
import { type Asking, VendorError } from './vendor.ts'

/** A list of one thing of many. */
export interface OfOne {
  readonly of: string
  readonly items: readonly unknown[]
}

/**
 * The same list of each of many things, as one part. One that may not be read costs no other its own, and makes the part
 * one that lacks.
 */
export const ofEach = async (
  { asking, rest }: { readonly asking: Asking; readonly rest: Rest },
  part: string,
  each: readonly string[],
  asked: AskedOfEach,
): Promise<readonly OfOne[]> => {
  const all = new Map(each.map((of): [string, unknown[]] => [of, []]))
  await asking.part<unknown>(part, (take) =>
    listEach(rest, each, asked, (of, items) => {
      take(items)
      all.get(of)?.push(...items)
    }),
  )
  return [...all].map(([of, items]) => ({ of, items }))
}

/** What is asked of each, and how its pages are told apart. */
export interface AskedOfEach extends Paging {
  pathOf(of: string): string
}

/** The same within a part that asks for more: each page is taken with whose it is. */
export const listEach = async (
  rest: Rest,
  each: readonly string[],
  { pathOf, ...paging }: AskedOfEach,
  take: (of: string, items: readonly unknown[]) => void,
): Promise<void> => {
  let failed: unknown
  for (const of of each)
    await linkedPages(rest, pathOf(of), (items) => take(of, items), paging).catch((error: unknown) => {
      // Who is no longer accepted, or is to wait for too long, asks for nothing else either.
      if (!(error instanceof VendorError) || error.status === 401 || error.status === 429) throw error
      failed ??= error
    })
  if (failed !== undefined) throw failed
}
