import { type Finding, type ScanReport, SEVERITIES, type Sighting } from '../report.ts'
import { scoreOf } from './score.ts'

/** The report as Markdown, for a pull request or a wiki. Nothing that a file says becomes markup. */
export const renderMarkdown = (report: ScanReport): string =>
  [
    '# Scan',
    `Score ${scoreOf(report.findings)} of 100. ${report.counts.files} files, ${report.sightings.length} identities and credentials, ${SEVERITIES.map(
      (severity) => `${report.findings.filter((finding) => finding.severity === severity).length} ${severity}`,
    ).join(', ')}${report.allowed.length > 0 ? `, ${report.allowed.length} allowed` : ''}.`,
    section('Findings', ['Severity', 'OWASP', 'Finding', 'Evidence', 'Where', 'Fix'], report.findings.map(findingRow)),
    section(
      'Identities and credentials',
      ['Kind', 'Name', 'Environment', 'Owner', 'Reaches', 'Where'],
      [...report.sightings.map(identityRow)],
    ),
    section(
      'Not, or not wholly, read',
      ['Path', 'Reason', 'Detail'],
      report.problems.map(({ path, reason, detail }) => [path, reason, detail]),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')

// Code hosts refuse what is longer; the JSON report has all.
const ROWS_MAX = 500

const section = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ''
    : [
        `## ${title} (${rows.length})`,
        '',
        row(head),
        row(head.map(() => '---')),
        ...rows.slice(0, ROWS_MAX).map((cells) => row(cells.map(escaped))),
        ...(rows.length > ROWS_MAX ? ['', `… and ${rows.length - ROWS_MAX} more, all in the JSON report.`] : []),
      ].join('\n')

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const findingRow = (finding: Finding): string[] => [
  finding.severity,
  finding.owasp,
  `${finding.title} (${finding.rule})`,
  finding.evidence.join('; '),
  `${finding.where.path}:${finding.where.line}`,
  finding.fix,
]

const identityRow = (sighting: Sighting): string[] => [
  sighting.kind,
  sighting.name,
  sighting.environment?.value ?? '-',
  sighting.ownerHint?.value ?? '-',
  sighting.reaches
    .slice(0, 3)
    .map(({ what }) => what)
    .join('; ') + (sighting.reaches.length > 3 ? ` +${sighting.reaches.length - 3}` : ''),
  `${sighting.where.path}:${sighting.where.line}`,
]

// CommonMark §2.4: any ASCII punctuation may be escaped; `<` and `&` also by name, for renderers that read HTML first, and
// `@` so that nobody is called.
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll(/[\\`*_{}[\]()#+!|~$:]/g, (mark) => (mark === ':' ? '&#58;' : `\\${mark}`))
