import { type CsvRow, csvHeader, readCsv } from '../../csv.ts'
import { dayIn } from '../../exports/credential-fact.ts'
import { seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import { ENVIRONMENTS, KINDS, type Problem, type Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer } from '../../source.ts'

/** What only a person knows: a table of identities, each with who says so and when. */
export const attestedSource: Source = {
  name: 'attested',
  wants: (file) =>
    (file.extension === 'csv' || file.extension === 'tsv') && isForm(csvHeader(file.bytes.toString('utf8', 0, 10_000))),
  read(file): SourceAnswer {
    const { rows, broken } = readCsv(file.text())
    const known = rows.filter((row) => row.text('name') !== '')
    const lost = broken + rows.length - known.length
    const problems: Problem[] =
      lost > 0
        ? [{ path: file.path, reason: 'bad-line', detail: `rows that are cut short or have no name: ${lost}` }]
        : []
    return { sightings: known.map((row) => sightingOf(row, file)), problems }
  },
}

// Any table has names; ours says as well who answered.
const isForm = (header: readonly string[]): boolean =>
  header.includes('name') &&
  (header.includes('attester') || header.includes('attested by')) &&
  (header.includes('attested on') || header.includes('attested_on'))

const sightingOf = (row: CsvRow, file: ScannedFile): SightingDraft => {
  const name = row.text('name')
  const kind = KINDS.find((one) => one === row.text('kind').toLowerCase()) ?? 'account'
  const attester = row.text('attester', 'attested by')
  const attestedOn = dayIn(row.text('attested on', 'attested_on'))
  const environment = ENVIRONMENTS.find((one) => one === row.text('environment').toLowerCase())
  const purpose = row.text('purpose', 'what for')
  const where = file.at(row.line)
  const endsOn = dayIn(row.text('ends', 'expires', 'ends on'))
  const draft = seenIn(file, {
    kind,
    name,
    key: row.text('key', 'stable key') || `attested:${file.repository}:${file.repositoryPath}#${name}`,
    line: row.line,
    evidence: `${attester || 'nobody'} attested it ${attestedOn === '' ? 'without a date that can be read' : `on ${attestedOn}`}${purpose === '' ? '' : `: ${purpose}`}`,
    owner: { value: row.text('owner', 'team'), because: `${attester || 'the form'} says so` },
    reaches: row
      .text('reaches', 'resources')
      .split(/[;|]/)
      .map((what) => what.trim())
      .filter((what) => what !== '')
      .slice(0, 50)
      .map((what) => ({ what, access: 'unknown' as const, because: `${attester || 'the form'} says so` })),
    traits: traitsOf(row, attester, attestedOn, endsOn).map((trait) => ({ ...trait, where })),
  })
  return environment ? { ...draft, environment: { value: environment, because: 'the form says so' } } : draft
}

const traitsOf = (row: CsvRow, attester: string, attestedOn: string, endsOn: string): Omit<Trait, 'where'>[] => {
  const name = row.text('name')
  const used = dayIn(row.text('last used', 'last_used'))
  const shared = row.text('shared', 'shared with')
  const isShared = shared !== '' && !/^(?:no|false|0|none)$/i.test(shared)
  return [
    {
      trait: 'account:attested',
      detail:
        attester === ''
          ? 'nobody'
          : attestedOn || (row.text('attested on', 'attested_on') === '' ? 'never' : 'unreadable'),
    },
    ...(used === '' ? [] : [{ trait: 'account:last-used', detail: used }]),
    ...(isShared ? [{ trait: 'account:shared', detail: `${name} is shared: ${shared}` }] : []),
    ...(/^(?:yes|true|1|admin)$/i.test(row.text('privileged', 'admin'))
      ? [{ trait: 'account:broad-role', detail: `${name}: the form says that it is privileged` }]
      : []),
    ...(row.text('credential') === '' && endsOn === ''
      ? []
      : [
          {
            trait: 'credential:listed',
            detail: `${row.text('credential') || 'credential'} of ${name}: made ${dayIn(row.text('made', 'created')) || 'unknown'}, last used ${used || 'unknown'}, ends ${endsOn || (/^never$/i.test(row.text('ends', 'expires')) ? 'never' : 'unknown')}`,
          },
        ]),
  ]
}
