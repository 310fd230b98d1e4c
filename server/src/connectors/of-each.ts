import { type Asking, VendorError } from './vendor.ts'

/** A list of one thing of many. */
export interface OfOne {
  readonly of: string
  readonly items: readonly unknown[]
}

interface Asked extends OfOne {
  readonly items: unknown[]
}

/** Asks for the list of one thing, and hands over its pages. */
export type AskOne = (of: string, take: (page: readonly unknown[]) => void) => Promise<void>

/**
 * The same list of each of many things, as one part, some of them at once. One that may not be read costs no other its own,
 * and makes the part one that lacks.
 */
export const ofEach = async (
  asking: Pick<Asking, 'part'>,
  part: string,
  each: readonly string[],
  { ask, atOnce = 1 }: { readonly ask: AskOne; readonly atOnce?: number },
): Promise<readonly OfOne[]> => {
  const all = each.map((of): Asked => ({ of, items: [] }))
  await asking.part<unknown>(part, async (take) => {
    const waiting = all.values()
    let failed: unknown
    let over: unknown
    const asker = async (): Promise<void> => {
      for (const { of, items } of waiting) {
        if (over !== undefined) return
        const keep = (page: readonly unknown[]): void => {
          take(page)
          items.push(...page)
        }
        await ask(of, keep).catch((error: unknown) => {
          // Who is no longer accepted, or is to wait for too long, asks for nothing else either.
          if (!(error instanceof VendorError) || error.status === 401 || error.status === 429) over ??= error
          else failed ??= error
        })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, asker))
    const why = over ?? failed
    if (why !== undefined) throw why
  })
  return all
}
