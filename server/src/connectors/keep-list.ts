import type { Asking } from './vendor.ts'

const ITEMS_MAX = 1_000

/** Keeps a list in documents of a size that the parser takes, each as `wrap` has it. */
export const keepList = (
  asking: Pick<Asking, 'keep'>,
  name: string,
  items: readonly unknown[],
  wrap: (some: readonly unknown[]) => unknown = (some) => some,
): void => {
  for (let at = 0; at < items.length; at += ITEMS_MAX)
    asking.keep(`${name}${at === 0 ? '' : `-${at / ITEMS_MAX + 1}`}.json`, wrap(items.slice(at, at + ITEMS_MAX)))
}
