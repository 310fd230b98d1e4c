import { rules } from '../posture/judge.ts'
import type { Finding, Location, Problem, ScanReport, Severity } from '../report.ts'

/** The report as SARIF 2.1.0, for code hosts and editors. */
export const renderSarif = (report: ScanReport): string => {
  const used = [...new Set(report.findings.map(({ rule }) => rule))].sort()
  return `${JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'reeve', semanticVersion: VERSION, rules: used.map(ruleOf) } },
          // Paths are as the user typed them, from where the scan was started.
          columnKind: 'utf16CodeUnits',
          invocations: [
            {
              executionSuccessful: true,
              endTimeUtc: report.scannedAt,
              toolExecutionNotifications: report.problems.map(notificationOf),
            },
          ],
          results: report.findings.map((finding) => resultOf(finding, used)),
        },
      ],
    },
    null,
    2,
  )}\n`
}

const VERSION = '0.1.0'

const LEVELS: Readonly<Record<Severity, string>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }

// The number by which code hosts sort: their bounds are 9.0, 7.0 and 4.0.
const SCORES: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' }

const ruleOf = (id: string) => {
  const rule = rules.find((one) => one.id === id)
  return {
    id,
    name: id
      .split(/[/-]/)
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join(''),
    shortDescription: { text: rule?.title ?? id },
    fullDescription: { text: rule?.why ?? id },
    help: { text: rule?.fix ?? id },
    defaultConfiguration: { level: LEVELS[rule?.severity ?? 'medium'] },
    properties: {
      tags: ['security', `OWASP ${rule?.owasp ?? ''}`],
      'security-severity': SCORES[rule?.severity ?? 'medium'],
    },
  }
}

const resultOf = (finding: Finding, used: readonly string[]) => ({
  ruleId: finding.rule,
  ruleIndex: used.indexOf(finding.rule),
  level: LEVELS[finding.severity],
  message: { text: `${finding.title}: ${finding.evidence.join('; ')}. Fix: ${finding.fix}` },
  locations: [placeOfFinding(finding.where)],
  partialFingerprints: { 'reeve/v1': finding.fingerprint },
  properties: {
    severity: finding.severity,
    confidence: finding.confidence,
    owasp: finding.owasp,
    'security-severity': SCORES[finding.severity],
  },
})

// A code host knows the files that lie there now: of an earlier version or of a file in an archive it is told which file
// that is of, without a line, which would be one of another text; where exactly stands in the properties.
const placeOfFinding = ({ path, line, inRepository }: Location) => {
  const earlier = EARLIER.exec(path)
  if (earlier?.[1]?.endsWith(`/${inRepository}`)) return elsewhere(earlier[1], { commit: earlier[2], line })
  const archived = ARCHIVED.exec(path)
  if (archived?.[1]) return elsewhere(archived[1], { inArchive: archived[2], line })
  return placeOf({ path, line })
}

const elsewhere = (path: string, properties: Readonly<Record<string, string | number | undefined>>) => ({
  physicalLocation: { artifactLocation: { uri: uriOf(path) } },
  properties,
})

// As the history and the archives of a scan name what they read.
const EARLIER = /^(.{1,4000})@([0-9a-f]{12})$/
const ARCHIVED = /^([^!]{1,4000}\.[A-Za-z0-9]{1,8})!\/(.{1,4000})$/

const placeOf = ({ path, line }: Pick<Location, 'path' | 'line'>) => ({
  physicalLocation: { artifactLocation: { uri: uriOf(path) }, region: { startLine: line } },
})

const notificationOf = (problem: Problem) => ({
  level: 'warning',
  descriptor: { id: problem.reason },
  message: { text: problem.detail },
  locations: [placeOf({ path: problem.path, line: problem.line ?? 1 })],
})

// RFC 3986: a reference, so every segment is encoded; an absolute path needs its scheme.
const uriOf = (path: string): string => {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  if (path.startsWith('/')) return `file://${encoded}`
  return encoded.replace(/^(?:\.\/)+/, '')
}
