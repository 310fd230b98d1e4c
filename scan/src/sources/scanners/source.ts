import { type ExportRecord, recordsOf } from '../../exports/records.ts'
import { isExportWith, type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Confidence, Problem, Severity } from '../../report.ts'
import type { Source, SourceAnswer, SourceTools } from '../../source.ts'

/** What other scanners found: the reports of gitleaks and trufflehog, and SARIF of any about secrets. */
export const scannersSource: Source = {
  name: 'scanners',
  wants: (file) => isExportWith(file, WORDS) || (file.extension === 'sarif' && file.bytes.includes('"runs"')),
  read(file, tools): SourceAnswer {
    const { all, problems } = recordsOf(file)
    const seen = all.flatMap((record) => FORMS.flatMap((form) => form(record, file, tools) ?? []))
    return { sightings: seen.map((one) => seenIn(file, one)), problems: [...problems, ...leftOut(all, file)] }
  },
}

const WORDS = ['"RuleID"', '"DetectorName"', '"partialFingerprints"', '"physicalLocation"']

/** What another scanner says of one secret, in words that are its own. */
interface Leak {
  readonly scanner: string
  readonly rule: string
  readonly place: string
  /** The secret, where the report has it. */
  readonly secret: string
  /** Tells one finding from another where it has not. */
  readonly id: string
  readonly owner: string
  readonly severity?: Severity
  readonly confidence?: Confidence
  readonly note?: string
}

const seenOf = (leak: Leak, record: ExportRecord, file: ScannedFile, tools: SourceTools): SeenInExport => {
  const { scanner, rule, place } = leak
  // What was cut out by the scanner itself is no secret any more, and equal for all.
  const isWhole = leak.secret.length >= 6 && !/^(?:REDACTED|\*+|x+)$/i.test(leak.secret) && !leak.secret.includes('...')
  const credential = isWhole ? tools.seal(leak.secret, { type: 'api-key', provider: rule.slice(0, 60) }) : undefined
  const detail = `${rule} at ${place}${leak.note ? `, ${leak.note}` : ''}`
  return {
    kind: 'account',
    name: `${rule} found by ${scanner} at ${place}`,
    key: credential ? `credential:${credential.fingerprint}` : `finding:${scanner}:${leak.id}`,
    line: record.line,
    evidence: `${scanner}: ${detail}`,
    owner: { value: leak.owner, because: `${scanner} names the author` },
    traits: [
      {
        trait: 'scanner:secret',
        detail: `${scanner}: ${detail}`,
        where: file.at(record.line),
        ...(credential ? { credential } : {}),
        ...(leak.severity ? { severity: leak.severity } : {}),
        ...(leak.confidence ? { confidence: leak.confidence } : {}),
      },
    ],
  }
}

type LeakForm = (record: ExportRecord, file: ScannedFile, tools: SourceTools) => SeenInExport | undefined

const placeOf = (path: string, line: string, commit: string): string =>
  `${path || 'an unnamed file'}${line === '' || line === '0' ? '' : `:${line}`}${commit === '' ? '' : ` in commit ${commit.slice(0, 12)}`}`

const gitleaks: LeakForm = (record, file, tools) => {
  if (!record.has('RuleID') || !record.has('Secret')) return undefined
  const place = placeOf(record.text('File'), record.text('StartLine'), record.text('Commit'))
  const leak = {
    scanner: 'gitleaks',
    rule: record.text('RuleID'),
    place,
    secret: record.text('Secret'),
    id: record.text('Fingerprint') || `${record.text('RuleID')} ${place}`,
    owner: record.text('Email'),
  }
  return seenOf(leak, record, file, tools)
}

const trufflehog: LeakForm = (record, file, tools) => {
  if (!record.has('DetectorName') || !record.has('SourceMetadata')) return undefined
  const all = record.child('SourceMetadata').child('Data')
  const at = all.child(all.names()[0] ?? '')
  const isVerified = record.is('Verified')
  const place = placeOf(at.text('file', 'link', 'path'), at.text('line'), at.text('commit'))
  const leak: Leak = {
    scanner: 'trufflehog',
    rule: record.text('DetectorName'),
    place,
    secret: record.text('Raw') || record.text('RawV2'),
    id: `${record.text('DetectorName')} ${place}`,
    owner: /<([^<>\s]{3,100})>/.exec(at.text('email'))?.[1] ?? at.text('email'),
    ...(isVerified
      ? { severity: 'critical', confidence: 'high', note: 'and it works: its provider was asked' }
      : { confidence: 'low' }),
  }
  return seenOf(leak, record, file, tools)
}

const sarif: LeakForm = (record, file, tools) => {
  if (!isResult(record) || !isAboutSecrets(record) || record.children('suppressions').length > 0) return undefined
  const driver = driverOf(record)
  const scanner = driver?.text('name') || 'a scanner'
  // Our own report is no news.
  if (/^reeve/i.test(scanner)) return undefined
  const at = record.children('locations')[0]?.child('physicalLocation')
  const place = placeOf(
    at?.child('artifactLocation').text('uri') ?? '',
    at?.child('region').text('startLine') ?? '',
    '',
  )
  const prints = ['fingerprints', 'partialFingerprints'].flatMap((field) => {
    const found = record.child(field)
    return found
      .names()
      .slice(0, 1)
      .map((name) => found.text(name))
  })
  const level = record.text('level')
  const leak: Leak = {
    scanner,
    rule: record.text('ruleId') || record.child('rule').text('id'),
    place,
    // A message may quote what it is about; the snippet does. Neither is told.
    secret: '',
    id: prints[0] ?? `${record.text('ruleId')} ${place}`,
    owner: '',
    ...(level === 'note' || level === 'none' ? { severity: 'low' } : level === 'warning' ? { severity: 'medium' } : {}),
  }
  return seenOf(leak, record, file, tools)
}

const isResult = (record: ExportRecord): boolean =>
  (record.has('ruleId') || record.has('rule')) && record.has('message') && record.has('locations')

const driverOf = (record: ExportRecord): ExportRecord | undefined => record.parent?.child('tool').child('driver')

const isAboutSecrets = (record: ExportRecord): boolean => {
  const id = record.text('ruleId') || record.child('rule').text('id')
  const driver = driverOf(record)
  const rule = driver?.children('rules').find((one) => one.text('id') === id)
  const tags = rule?.child('properties').texts('tags') ?? []
  return SECRETS.test([driver?.text('name') ?? '', id, rule?.text('name') ?? '', ...tags].join(' ').slice(0, 2000))
}

// CWE-798, 259, 321 and 522: credentials that are written out, and those that are badly kept.
const SECRETS =
  /secret|credential|password|passwd|token|api[-_ ]?key|private[-_ ]?key|leak|trufflehog|cwe-?(?:798|259|321|522)\b/i

const FORMS: readonly LeakForm[] = [gitleaks, trufflehog, sarif]

const leftOut = (all: readonly ExportRecord[], file: ScannedFile): Problem[] => {
  const others = all.filter(
    (record) => isResult(record) && driverOf(record) !== undefined && !isAboutSecrets(record),
  ).length
  const detail = `results of another scanner that are not about credentials: ${others} left out`
  return others > 0 ? [{ path: file.path, reason: 'incomplete', detail }] : []
}
