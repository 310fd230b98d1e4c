import type { Sighting } from '../src/report.ts'

/** Counts identities as labels do: by source and kind, or by source (`gcp *`), where one that lies in two files is two. */
export const countsAs = (
  labels: Readonly<Record<string, number>>,
  seen: readonly Sighting[],
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(seen, ({ source, kind }) => (`${source} *` in labels ? `${source} *` : `${source} ${kind}`))].map(
      ([what, all]) => [what, what.endsWith('*') ? sum(all.map(filesOf)) : all.length],
    ),
  )

const filesOf = ({ where, alsoAt }: Sighting): number => new Set([where, ...alsoAt].map(({ path }) => path)).size
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
