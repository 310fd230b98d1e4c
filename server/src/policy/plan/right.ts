/** Whether an identity may do something: whatever the context, under some contexts, or not at all. */
export type Level = 'none' | 'conditional' | 'always'

/** What an identity may do, by which policies and grants, and on what terms these stand. */
export interface Right {
  readonly level: Level
  readonly via: readonly string[]
  readonly terms: string
}

/** Nothing at all. */
export const NO_RIGHT: Right = { level: 'none', via: [], terms: '' }

/** A right within others: nobody may do what somebody above may not, and on their terms too. */
export const withinAll = (own: Right, above: () => readonly Right[]): Right => {
  const others = above()
  if (others.length === 0) return own
  if (others.some(({ level }) => level === 'none')) return NO_RIGHT
  const all = [own, ...others]
  return {
    level: all.every(({ level }) => level === 'always') ? 'always' : 'conditional',
    via: [...new Set(all.flatMap(({ via }) => via))],
    terms: JSON.stringify(all.map(({ terms }) => terms)),
  }
}
