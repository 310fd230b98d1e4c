import { safeText } from './safe-text.ts'
import { cutTo, padded, textWidth } from './text-width.ts'

/** Rows as aligned columns under their headings; cells are made safe for a terminal, and a line that is too long is cut. */
export const renderTable = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columnsMax: number,
): string => {
  const cells = [headings, ...rows.map((row) => row.map(safeText))]
  const widths = headings.map((_, at) => cells.reduce((max, row) => Math.max(max, textWidth(row[at] ?? '')), 0))
  const lines = cells.map((row) =>
    row
      .map((cell, at) => (at === headings.length - 1 ? cell : padded(cell, widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.map((line) => (columnsMax < 20 ? line : cutTo(line, columnsMax))).join('\n')}\n`
}
