import { type Figures, lineText, ratioOf } from './measured.ts'

/**
 * Prints what was measured of two programs that ran in turn, and the bench's last line: the first one, `other` (the second
 * one under its name), the ratio of both, and how long and with how much memory the first one answered.
 */
export const tellTwo = (
  bench: string,
  { names, figures, other }: { names: readonly string[]; figures: readonly Figures[]; other: string },
  more: (ours: Figures, theirs: Figures) => object = () => ({}),
): void => {
  const [ours, theirs] = figures
  if (ours === undefined || theirs === undefined) throw new Error('nothing was measured')
  for (const [at, one] of figures.entries()) console.log(lineText(names[at] ?? '', one))
  console.log(
    JSON.stringify({
      bench,
      unit: 'req/s',
      reeve: Math.round(ours.perSecond),
      [other]: Math.round(theirs.perSecond),
      [`to${other.charAt(0).toUpperCase()}${other.slice(1)}`]: Number(ratioOf(ours, theirs).toFixed(2)),
      ...more(ours, theirs),
      p99Ms: Number(ours.p99Ms.toFixed(1)),
      memoryMb: Math.round(ours.memoryMb),
    }),
  )
}
