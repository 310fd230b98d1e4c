import { accessKeyText, dayOf } from '../../aws/access-key.ts'
import { awsKey } from '../../aws/sighting.ts'
import { accountOf } from '../../aws/trust.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Trait } from '../../report.ts'
import type { SightingDraft } from '../../source.ts'

/** How a credential report starts: AWS has kept these columns, and adds new ones behind them. */
export const REPORT_HEADER = 'user,arn,user_creation_time,password_enabled'

/** Reads a credential report: each user, whether a person signs in as it, and how old its keys are. */
export const readCredentialReport = (
  text: string,
  file: ScannedFile,
): { sightings: SightingDraft[]; problems: Problem[] } => {
  const [header = '', ...lines] = text.split(/\r?\n/)
  const columns = header.split(',')
  const sightings: SightingDraft[] = []
  const bad: number[] = []
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const values = line.split(',')
    const row = new Map(columns.map((column, at) => [column, values[at] ?? '']))
    const arn = row.get('arn') ?? ''
    if (values.length !== columns.length || !/^arn:[\w-]{1,20}:iam::\d{1,12}:[\x21-\x7e]{1,600}$/.test(arn)) {
      bad.push(index + 2)
      continue
    }
    sightings.push(sightingOf(row, arn, file, index + 2))
  }
  const [first] = bad
  const problems: Problem[] =
    first === undefined
      ? []
      : [
          {
            path: file.path,
            reason: 'bad-line',
            detail: `${bad.length} lines are no row of a credential report`,
            line: first,
          },
        ]
  return { sightings, problems }
}

type Row = ReadonlyMap<string, string>

const sightingOf = (row: Row, arn: string, file: ScannedFile, line: number): SightingDraft => {
  const where = file.at(file.baseName.endsWith('.json') ? 1 : line)
  const account = accountOf(arn) ?? ''
  const isRoot = row.get('user') === '<root_account>'
  const name = isRoot ? 'root' : (row.get('user') ?? '')
  const trait = (named: string, detail: string): Trait => ({ trait: `aws:${named}`, detail, where })
  const hasPassword = row.get('password_enabled') === 'true'
  const keys = ['1', '2'].filter((number) => row.get(`access_key_${number}_last_rotated`)?.startsWith('20'))
  const activeKeys = keys.filter((number) => row.get(`access_key_${number}_active`) === 'true')
  const isUsedByPerson = hasPassword && !isRoot
  return {
    kind: 'account',
    name: `user ${name} of AWS account ${account}`,
    stableKey: awsKey(arn),
    where,
    reaches: [],
    evidence: [
      `AWS user ${arn}`,
      isRoot
        ? 'the root user of the account'
        : hasPassword
          ? 'a person may sign in as it: it has a password for the console'
          : 'a machine: it has no password for the console',
    ],
    environment: null,
    traits: [
      ...keys.map((number) =>
        trait(
          'access-key',
          accessKeyText({
            key: number,
            isActive: activeKeys.includes(number),
            madeOn: dayOf(row.get(`access_key_${number}_last_rotated`) ?? ''),
            usedOn: dayOf(row.get(`access_key_${number}_last_used_date`) ?? '') || 'never',
          }),
        ),
      ),
      ...(isRoot && activeKeys.length > 0 ? [trait('root-key', `access key ${activeKeys.join(' and ')}`)] : []),
      ...(isRoot && row.get('mfa_active') === 'false' ? [trait('root-without-mfa', 'mfa_active: false')] : []),
      ...(isUsedByPerson && activeKeys.length > 0
        ? [trait('person-with-key', `access key ${activeKeys.join(' and ')}`)]
        : []),
      ...(isUsedByPerson && row.get('mfa_active') === 'false' ? [trait('password-without-mfa', name)] : []),
      ...(!hasPassword && !isRoot && activeKeys.length > 0 ? [trait('machine-user', name)] : []),
      ...(!hasPassword && !isRoot && activeKeys.length > 1 ? [trait('two-keys', 'access key 1 and 2')] : []),
      ...['1', '2']
        .filter((number) => row.get(`cert_${number}_active`) === 'true')
        .map((number) => trait('signing-certificate', `certificate ${number}`)),
    ],
  }
}
