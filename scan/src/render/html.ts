import { createHash } from 'node:crypto'
import { type Finding, type ScanReport, SEVERITIES, type Sighting } from '../report.ts'
import { html } from './escape-html.ts'
import { FINDINGS, IDENTITIES, SCRIPT, STYLE, UNREAD } from './html-parts.ts'
import { reachGraph } from './reach-graph.ts'
import { scoreOf } from './score.ts'

/**
 * The report as one page that loads nothing: a score, a graph of who reaches what, and tables that sort.
 * INVARIANT: its policy lets in its own script and style by their digests and nothing else, and every text is escaped.
 */
export const renderHtml = (report: ScanReport): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${digestOf(SCRIPT)}'; style-src '${digestOf(STYLE)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Scan of ${html(report.roots.join(', '))}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Scan of ${html(report.roots.join(', '))}</h1>
<p>${html(report.scannedAt.slice(0, 16).replace('T', ' '))} UTC · ${report.counts.files} files · ${report.sightings.length} identities and credentials · ${report.sightings.filter(({ ownerHint }) => ownerHint !== null).length} with an owner written down</p>
<div class="figures">
<div class="score"><b>${scoreOf(report.findings)}</b><span>of 100, the score</span></div>
${SEVERITIES.map((severity) => `<div class="${severity}"><b>${report.findings.filter((finding) => finding.severity === severity).length}</b><span>${severity}</span></div>`).join('\n')}
<div><b>${report.allowed.length}</b><span>allowed</span></div>
<div><b>${report.problems.length}</b><span>not wholly read</span></div>
</div>
</header>
<main>
${section('Who reaches what', reachGraph(report), report.sightings.length)}
${section('Findings', table('Findings', FINDINGS, report.findings.map(findingRow)), report.findings.length)}
${section('Identities and credentials', table('Identities and credentials', IDENTITIES, report.sightings.map(identityRow)), report.sightings.length)}
${section(
  'Not, or not wholly, read',
  table(
    'Not, or not wholly, read',
    UNREAD,
    report.problems.map(({ path, reason, detail }) => [cell(path), cell(reason), cell(detail)]),
  ),
  report.problems.length,
)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`

// CSP 3 §6.7.3.3: the digest of exactly what stands between the tags.
const digestOf = (text: string): string => `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`

interface Cell {
  readonly shown: string
  /** What it is sorted by, where that is not what it shows. */
  readonly order?: string
  readonly style?: string
}

const cell = (text: string): Cell => ({ shown: html(text) })

const section = (title: string, content: string, count: number): string =>
  `<section><h2>${title} <small>${count}</small></h2>\n${count === 0 ? '<p>none</p>' : content}\n</section>`

const table = (caption: string, { name, columns }: typeof FINDINGS, rows: readonly (readonly Cell[])[]): string =>
  [
    `<table class="${name}"><caption class="hidden">${caption}</caption>`,
    `<thead><tr>${columns.map(({ title }) => `<th scope="col" aria-sort="none"><button type="button">${title}</button></th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(
      (cells) =>
        `<tr>${cells
          .map(
            ({ shown, order, style }) =>
              `<td${order === undefined ? '' : ` data-order="${html(order)}"`}${style === undefined ? '' : ` class="${style}"`}>${shown}</td>`,
          )
          .join('')}</tr>`,
    ),
    '</tbody></table>',
  ].join('\n')

const findingRow = (finding: Finding): Cell[] => [
  { shown: finding.severity, order: String(SEVERITIES.indexOf(finding.severity)), style: finding.severity },
  { shown: finding.owasp, order: finding.owasp.slice(3).padStart(2, '0') },
  { shown: `${html(finding.title)}<br><small>${html(finding.rule)}</small>` },
  cell(finding.evidence.join('; ')),
  { shown: `<code>${html(`${finding.where.path}:${finding.where.line}`)}</code>` },
  cell(finding.fix),
]

const identityRow = (sighting: Sighting): Cell[] => [
  cell(sighting.kind),
  cell(sighting.name),
  cell(sighting.environment?.value ?? '-'),
  cell(sighting.ownerHint?.value ?? '-'),
  cell(sighting.reaches.map(({ what }) => what).join('; ') || '-'),
  { shown: `<code>${html(`${sighting.where.path}:${sighting.where.line}`)}</code>` },
]
