import { type Asking, VendorError } from './vendor.ts'

/** A list of one thing of many. */
export interface OfOne {
  readonly of: string
  readonly items: readonly unknown[]
}

/** Asks for the list of one thing, and hands over its pages. */
export type AskOne = (of: string, take: (page: readonly unknown[]) => void) => Promise<void>

/** How each of many things is asked for, and how many of them at once; one after the other unless told otherwise. */
export interface AskedOfEach {
  readonly ask: AskOne
  readonly atOnce?: number
}

/** The same list of each of many things, as one part. One that may not be read makes it a part that lacks. */
export const ofEach = async (
  asking: Pick<Asking, 'part'>,
  part: string,
  each: readonly string[],
  asked: AskedOfEach,
): Promise<readonly OfOne[]> => {
  const all = new Map(each.map((of): [string, unknown[]] => [of, []]))
  await asking.part<unknown>(part, (take) =>
    listEach(each, asked, (page, of) => {
      take(page)
      all.get(of)?.push(...page)
    }),
  )
  return [...all].map(([of, items]) => ({ of, items }))
}

/** The same within a part that asks for more: each page is taken with whose it is. One that fails costs no other its own. */
export const listEach = async (
  each: readonly string[],
  { ask, atOnce = 1 }: AskedOfEach,
  take: (page: readonly unknown[], of: string) => void,
): Promise<void> => {
  const waiting = each.values()
  let failed: unknown
  let over: unknown
  const asker = async (): Promise<void> => {
    for (const of of waiting) {
      if (over !== undefined) return
      await ask(of, (page) => take(page, of)).catch((error: unknown) => {
        // Who is no longer accepted, or is to wait for too long, asks for nothing else either.
        if (!(error instanceof VendorError) || error.status === 401 || error.status === 429) over ??= error
        else failed ??= error
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, asker))
  const why = over ?? failed
  if (why !== undefined) throw why
}
