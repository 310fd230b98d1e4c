import { type ScanReport, SEVERITIES, type Sighting } from '../report.ts'
import { html } from './escape-html.ts'

// More than that nobody can read: the worst are drawn, the tables have all.
const IDENTITIES_MAX = 40
const REACHES_MAX = 60
const ROW_HEIGHT = 22
const LEFT_X = 430
const RIGHT_X = 830
const WIDTH = 1280
const CHARS_MAX = 58

/** Who reaches what, as a drawing: identities with the worst findings on the left, what they get at on the right. */
export const reachGraph = ({ sightings, findings }: Pick<ScanReport, 'sightings' | 'findings'>): string => {
  const worst = new Map<string, number>()
  for (const { sighting, severity } of findings)
    worst.set(sighting, Math.min(worst.get(sighting) ?? SEVERITIES.length, SEVERITIES.indexOf(severity)))
  const rankOf = ({ stableKey }: Sighting): number => worst.get(stableKey) ?? SEVERITIES.length
  const drawn = sightings
    .filter(({ reaches }) => reaches.length > 0)
    .toSorted((one, other) => rankOf(one) - rankOf(other))
    .slice(0, IDENTITIES_MAX)
  const targets = new Map<string, number>()
  for (const { reaches } of drawn)
    for (const { what } of reaches)
      if (targets.size < REACHES_MAX && !targets.has(what)) targets.set(what, targets.size)
  const height = Math.max(drawn.length, targets.size) * ROW_HEIGHT + 20
  const yOf = (row: number, rows: number): number => (height / rows) * (row + 0.5)
  const lines = drawn.flatMap((sighting, row) =>
    [...new Set(sighting.reaches.map(({ what }) => what))].flatMap((what) => {
      const target = targets.get(what)
      if (target === undefined) return []
      const from = yOf(row, drawn.length)
      const to = yOf(target, targets.size)
      const middle = (LEFT_X + RIGHT_X) / 2
      return [
        `<path${styleOf(rankOf(sighting))} d="M${LEFT_X + 6} ${from}C${middle} ${from} ${middle} ${to} ${RIGHT_X - 6} ${to}"/>`,
      ]
    }),
  )
  const left = drawn.map((sighting, row) =>
    label(sighting.name, LEFT_X, yOf(row, drawn.length), 'end', styleOf(rankOf(sighting))),
  )
  const right = [...targets].map(([what, row]) => label(what, RIGHT_X, yOf(row, targets.size), 'start', ''))
  return [
    // Whoever has no mouse scrolls it by the keys.
    `<div class="graph" tabindex="0" role="region" aria-label="Who reaches what"><svg role="img" aria-label="Identities and what they reach" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    ...lines,
    ...left,
    ...right,
    '</svg></div>',
    sightings.length > drawn.length
      ? `<p><small>${drawn.length} of ${sightings.length} are drawn, the worst first.</small></p>`
      : '',
  ].join('\n')
}

const styleOf = (rank: number): string => (rank <= 1 ? ' class="worst"' : '')

const label = (text: string, x: number, y: number, anchor: 'start' | 'end', style: string): string => {
  const cut = text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX - 1)}…` : text
  const side = anchor === 'end' ? -10 : 10
  return `<circle${style} cx="${x}" cy="${y}" r="4"/><text x="${x + side}" y="${y + 4}" text-anchor="${anchor}">${html(cut)}<title>${html(text)}</title></text>`
}
