import { linkedPages, memberOf, type Rest } from './rest.ts'
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
  { pathOf, list }: { pathOf(of: string): string; readonly list?: string },
): Promise<readonly OfOne[]> => {
  const all: OfOne[] = []
  await asking.part<unknown>(part, async (take) => {
    let failed: unknown
    for (const of of each) {
      const items: unknown[] = []
      const keep = (page: readonly unknown[]): void => {
        take(page)
        items.push(...page)
      }
      const itemsOf = list === undefined ? undefined : (value: unknown) => memberOf(value, list)
      await linkedPages(rest, pathOf(of), keep, itemsOf).catch((error: unknown) => {
        // Who is no longer accepted, or is to wait for too long, asks for nothing else either.
        if (!(error instanceof VendorError) || error.status === 401 || error.status === 429) throw error
        failed ??= error
      })
      all.push({ of, items })
    }
    if (failed !== undefined) throw failed
  })
  return all
}
