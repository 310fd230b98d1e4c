import { type Finding, type ScanReport, SEVERITIES, type Severity, type Sighting } from '../report.ts'

export interface TableOptions {
  /** How wide the terminal is; longer cells are cut. */
  readonly widthMax?: number
  readonly isColoured?: boolean
}

/** The report for a person at a terminal: who is there, what is wrong, and what could not be read. */
export const renderTable = (report: ScanReport, { widthMax = 160, isColoured = false }: TableOptions = {}): string => {
  const paint = (severity: Severity, text: string) => (isColoured ? `${COLOURS[severity]}${text}\u001b[0m` : text)
  const identities = [...report.sightings].sort(byKindAndName)
  const sections = [
    heading('Identities and credentials', identities.length),
    table(['KIND', 'NAME', 'ENVIRONMENT', 'OWNER', 'REACHES', 'WHERE'], identities.map(identityRow), widthMax),
    heading('Findings', report.findings.length),
    table(
      ['SEVERITY', 'OWASP', 'FINDING', 'EVIDENCE', 'WHERE'],
      report.findings.map(findingRow),
      widthMax,
      (cells, row) =>
        cells.map((cell, index) => (index === 0 ? paint(report.findings[row]?.severity ?? 'low', cell) : cell)),
    ),
    ...(report.findings.length === 0
      ? []
      : ['\nWhat to do\n', table(['RULE', 'FINDINGS', 'FIX'], remedies(report), widthMax)]),
    ...(report.problems.length === 0
      ? []
      : [heading('Not, or not wholly, read', report.problems.length), problems(report)]),
    ...(report.skipped.length === 0 ? [] : [heading('Folders left out', report.skipped.length), skipped(report)]),
    summary(report, paint),
  ]
  return `${sections.filter((section) => section !== '').join('\n')}\n`
}

const COLOURS: Readonly<Record<Severity, string>> = {
  critical: '\u001b[1;31m',
  high: '\u001b[31m',
  medium: '\u001b[33m',
  low: '\u001b[2m',
}

const heading = (title: string, count: number): string => `\n${title} (${count})\n`

const identityRow = (sighting: Sighting): string[] => [
  sighting.kind,
  sighting.name,
  sighting.environment?.value ?? '-',
  sighting.ownerHint?.value ?? '-',
  reachesOf(sighting),
  placeOf(sighting.where) + (sighting.alsoAt.length > 0 ? ` +${sighting.alsoAt.length}` : ''),
]

const reachesOf = ({ reaches }: Sighting): string => {
  const [first] = reaches
  if (!first) return '-'
  return first.what + (reaches.length > 1 ? ` +${reaches.length - 1}` : '')
}

const findingRow = (finding: Finding): string[] => [
  finding.severity + (finding.confidence === 'low' ? '?' : ''),
  finding.owasp,
  finding.title,
  finding.evidence[0] ?? '',
  placeOf(finding.where),
]

// Once a rule, in the order of the findings: its name is what a comment allows it by, and what its page is called.
const remedies = ({ findings }: ScanReport): string[][] =>
  [...Map.groupBy(findings, ({ rule }) => rule)].map(([rule, [first, ...others]]) => [
    rule,
    String(1 + others.length),
    first?.fix ?? '',
  ])

const placeOf = ({ path, line }: { path: string; line: number }): string => `${path}:${line}`

const LINES_MAX = 20

const problems = ({ problems: all }: ScanReport): string => {
  const lines = all.slice(0, LINES_MAX).map(({ path, line, reason, detail }) => {
    const place = line === undefined ? path : `${path}:${line}`
    return `${place}  ${reason}: ${detail}`
  })
  return [...lines, ...more(all.length)].join('\n')
}

const skipped = ({ skipped: all }: ScanReport): string =>
  [...all.slice(0, LINES_MAX).map(({ path, reason }) => `${path}  ${reason}`), ...more(all.length)].join('\n')

const more = (count: number): string[] =>
  count > LINES_MAX ? [`… and ${count - LINES_MAX} more, all named in the JSON report`] : []

const summary = (report: ScanReport, paint: (severity: Severity, text: string) => string): string => {
  const counts = SEVERITIES.map((severity) => {
    const count = report.findings.filter((finding) => finding.severity === severity).length
    return paint(severity, `${count} ${severity}`)
  })
  const owned = report.sightings.filter(({ ownerHint }) => ownerHint !== null).length
  return [
    `\n${counted(report.counts.files, 'file')} read. ${report.sightings.length} identities and credentials, ${owned} with an owner written down.`,
    `${counted(report.findings.length, 'finding')}: ${counts.join(', ')}.${report.allowed.length > 0 ? ` ${report.allowed.length} more ${report.allowed.length === 1 ? 'is' : 'are'} allowed.` : ''}`,
  ].join('\n')
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const byKindAndName = (a: Sighting, b: Sighting): number =>
  a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : 0

const GAP = '  '

// The last column is the place, which must stay whole to be clicked on: the others share what it leaves.
const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  widthMax: number,
  dress: (cells: string[], row: number) => string[] = (cells) => cells,
): string => {
  if (rows.length === 0) return 'none'
  const natural = head.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length),
  )
  // One long path must not leave the names of all rows a few characters.
  const place = head.length - 1
  natural[place] = Math.min(natural[place] ?? 0, Math.floor(widthMax * PLACE_SHARE_MAX))
  const widths = fitted(natural, widthMax - GAP.length * place, head.indexOf('NAME'))
  const line = (cells: readonly string[]): string[] =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cut(cell, widths[column] ?? 0)))
  return [
    line(head).join(GAP).trimEnd(),
    ...rows.map((row, index) => dress(line(row), index).join(GAP).trimEnd()),
  ].join('\n')
}

const COLUMN_CHARS_MIN = 12
const PLACE_SHARE_MAX = 0.4
// A name is what tells rows apart: it is cut last.
const NAME_WEIGHT = 0.35

const fitted = (natural: readonly number[], widthMax: number, name: number): number[] => {
  const widths = [...natural]
  const weighed = (index: number): number => (widths[index] ?? 0) * (index === name ? NAME_WEIGHT : 1)
  const last = widths.length - 1
  const sum = () => widths.reduce((total, width) => total + width, 0)
  while (sum() > widthMax) {
    const widest = widths.reduce(
      (best, _, index) => (index !== last && weighed(index) > weighed(best) ? index : best),
      0,
    )
    const width = widths[widest] ?? 0
    if (width <= COLUMN_CHARS_MIN) break
    widths[widest] = width - 1
  }
  return widths
}

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text.padEnd(width)
