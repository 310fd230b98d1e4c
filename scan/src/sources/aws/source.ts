import { readPolicy } from '../../aws/policy.ts'
import { awsSightings } from '../../aws/sighting.ts'
import type { ScannedFile } from '../../file.ts'
import { isObject, type JsonObject, parseJson, textOf } from '../../json-value.ts'
import type { Problem } from '../../report.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { readAccessKeys } from './access-keys.ts'
import { REPORT_HEADER, readCredentialReport } from './credential-report.ts'
import { readAccount } from './read-account.ts'
import { readSingleDocument } from './single-document.ts'

/** What the AWS command line exports about identities: each user and role, its keys, its rights, who may become it. */
export const awsSource: Source = {
  name: 'aws',
  standing: 'live',
  wants: (file) =>
    isReport(file) || (file.extension === 'json' && MARKERS.some((marker) => file.bytes.includes(marker))),
  read(file): SourceAnswer {
    if (isReport(file)) return readCredentialReport(file.text(), file)
    const root = parseJson(file.text())
    if (root === undefined) return isExport(file) ? problem(file, 'bad-json', 'broken JSON') : NOTHING
    return isObject(root) ? readRoot(root, file) : NOTHING
  },
}

const NOTHING: SourceAnswer = { sightings: [], problems: [] }
// Any other JSON costs a search for these words and no more.
const EXPORT_MARKERS = ['"UserDetailList"', '"RoleDetailList"', '"GroupDetailList"', '"AssumeRolePolicyDocument"']
const MARKERS = [
  ...EXPORT_MARKERS,
  ...['"Statement"', '"AccessKeyMetadata"', '"AccessKeyLastUsed"', '"ReportFormat"', '"UserName"'],
]

const isReport = ({ extension, bytes }: ScannedFile): boolean =>
  (extension === 'csv' || extension === 'txt') && bytes.subarray(0, REPORT_HEADER.length).toString() === REPORT_HEADER

const isExport = (file: ScannedFile): boolean => EXPORT_MARKERS.some((marker) => file.bytes.includes(marker))

const problem = (file: ScannedFile, reason: Problem['reason'], detail: string): SourceAnswer => ({
  sightings: [],
  problems: [{ path: file.path, reason, detail }],
})

const readRoot = (root: JsonObject, file: ScannedFile): SourceAnswer => {
  if (textOf(root, 'ReportFormat') === 'text/csv') {
    const text = Buffer.from(textOf(root, 'Content'), 'base64').toString('utf8')
    return text.startsWith(REPORT_HEADER)
      ? readCredentialReport(text, file)
      : problem(file, 'bad-json', 'a credential report whose content is none')
  }
  if (root.AccessKeyMetadata !== undefined || root.AccessKeyLastUsed !== undefined) {
    return { sightings: readAccessKeys(root, file), problems: [] }
  }
  const statements = readPolicy(root)
  if (statements) {
    const isPolicy = textOf(root, 'Version').startsWith('20') && statements.length > 0
    return isPolicy ? { sightings: readSingleDocument(statements, file), problems: [] } : NOTHING
  }
  if (!LISTS.some((list) => Object.hasOwn(root, list))) return NOTHING
  const account = readAccount(root, file)
  const told = (isTold: boolean, detail: string): Problem[] =>
    isTold ? [{ path: file.path, reason: 'incomplete', detail }] : []
  const missing = account.unreadPolicies
  const seen = awsSightings(account.identities, file)
  return {
    sightings: seen.sightings,
    problems: [
      ...seen.problems,
      ...told(account.isCutShort, 'the export stops before its end: ask for it again with all pages'),
      ...told(account.leftOut > 0, `more users and roles than one account has, left out: ${account.leftOut}`),
      ...told(account.unreadTrusts > 0, `roles without a trust policy that could be read: ${account.unreadTrusts}`),
      ...told(
        missing.length > 0,
        `policies that somebody has and the export lacks: ${missing.length}, as ${missing[0] || 'an inline one'}; export with --filter User Role Group LocalManagedPolicy AWSManagedPolicy`,
      ),
    ],
  }
}

const LISTS = ['UserDetailList', 'RoleDetailList', 'GroupDetailList', 'Policies', 'Roles', 'Role', 'Users', 'User']
