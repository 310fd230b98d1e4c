import { credentialTrait, dayIn, LIMITED_TO_NETWORKS } from '../../exports/credential-fact.ts'
import { type ExportRecord, problemsOf, recordsOf } from '../../exports/records.ts'
import { isExportWith, type SeenInExport, seenIn } from '../../exports/seen.ts'
import { takesPullRequests } from '../../exports/subject.ts'
import type { ScannedFile } from '../../file.ts'
import type { Fact, Source, SourceAnswer } from '../../source.ts'
import { account, EMAIL, keyName } from './account.ts'
import { openToStrangers, seenInBinding } from './bindings.ts'
import { DISABLED, OPEN_TO_STRANGERS, RUNS_AS, relateGoogle } from './relate.ts'
import { activity, insight } from './uses.ts'

/** What Google Cloud exports: service accounts, their keys and roles, federation, keys of APIs, and what runs as whom. */
export const gcpSource: Source = {
  name: 'gcp',
  wants: (file) => isExportWith(file, WORDS),
  read(file): SourceAnswer {
    const records = recordsOf(file)
    const { all } = records
    const permissionsOf = new Map(
      all
        .filter((one) => one.has('includedPermissions'))
        .map((one) => [one.text('name'), one.texts('includedPermissions')]),
    )
    const seen = all.flatMap((record) => [
      ...(record.text('role') !== '' && record.has('members') ? seenInBinding(record, permissionsOf, file) : []),
      ...FORMS.flatMap((form) => form(record, file) ?? []),
    ])
    return {
      sightings: seen.map((one) => seenIn(file, one)),
      problems: problemsOf(file, records, seen.length),
      facts: all.flatMap((record) => factsOf(record, file)),
    }
  },
  relate: relateGoogle,
}

const WORDS = [
  '"external_account"',
  'gserviceaccount.com',
  '/workloadIdentityPools/',
  '/locations/global/keys/',
  '"bindings"',
]

type Form = (record: ExportRecord, file: ScannedFile) => readonly SeenInExport[] | undefined

const serviceAccount: Form = (record) => {
  const email = record.text('email', 'clientEmail')
  if (!EMAIL.test(email)) return undefined
  const isKeyFile = record.text('type') === 'service_account' && record.has('privateKey')
  if (!record.has('uniqueId') && !isKeyFile) return undefined
  const of = record.text('projectId')
  const isDisabled = record.is('disabled')
  return [
    {
      ...account(
        email,
        record.line,
        isKeyFile
          ? 'a key of it lies in this file'
          : `service account of ${of || 'a project'}${isDisabled ? ', disabled' : ''}`,
      ),
    },
  ]
}

// Google keeps those of its own making; those that people made or uploaded are theirs to keep.
const accountKey: Form = (record, file) => {
  const match = /\/serviceAccounts\/([^/]{3,200})\/keys\/(\w{1,64})$/.exec(record.text('name'))
  const [, email = '', id = ''] = match ?? []
  if (!match || !EMAIL.test(email) || !record.has('validAfterTime')) return undefined
  const isOwn = record.text('keyType') === 'SYSTEM_MANAGED'
  const ends = dayIn(record.text('validBeforeTime'))
  const fact = {
    name: keyName(id, email),
    madeOn: dayIn(record.text('validAfterTime')),
    usedOn: dayIn(record.text('lastUsedTime', 'lastAuthenticatedTime')),
    endsOn: ends.startsWith('9999') || ends === '' ? 'never' : ends,
  }
  return [
    {
      ...account(email, record.line, isOwn ? 'a key that Google keeps' : `key ${id.slice(-8)}`),
      traits: isOwn || record.is('disabled') ? [] : [credentialTrait(fact, file.at(record.line))],
    },
  ]
}

const provider: Form = (record, file) => {
  const name = record.text('name')
  const [, pool, id] = /\/workloadIdentityPools\/([^/]{1,60})\/providers\/([^/]{1,60})$/.exec(name) ?? []
  if (pool === undefined || id === undefined) return undefined
  const issuer = record.child('oidc').text('issuerUri')
  const condition = record.text('attributeCondition')
  const isOff = record.is('disabled')
  const trait =
    isOff || issuer === ''
      ? undefined
      : condition === ''
        ? { trait: 'federation:open', detail: `tokens of ${issuer}, without a condition` }
        : takesPullRequests(condition)
          ? { trait: 'federation:pull-requests', detail: `tokens of ${issuer} where ${condition.slice(0, 200)}` }
          : undefined
  return [
    {
      kind: 'integration',
      name: `federation provider ${id} of pool ${pool}`,
      key: `gcp:${name}`,
      line: record.line,
      evidence:
        issuer === ''
          ? `takes ${record.child('aws').text('accountId') || 'users of another cloud'}`
          : `takes tokens of ${issuer}`,
      traits: trait === undefined ? [] : [{ ...trait, where: file.at(record.line) }],
    },
  ]
}

const apiKey: Form = (record, file) => {
  const name = record.text('name')
  const of = /^projects\/([^/]{1,60})\/locations\/global\/keys\/[^/]{1,80}$/.exec(name)?.[1]
  if (of === undefined) return undefined
  const title = record.text('displayName') || record.text('uid')
  const where = file.at(record.line)
  const addresses = record.child('restrictions').child('serverKeyRestrictions').texts('allowedIps')
  const fact = { name: `API key ${title}`, madeOn: dayIn(record.text('createTime')), usedOn: '', endsOn: 'never' }
  return [
    {
      kind: 'integration',
      name: `API key ${title} of ${of}`,
      key: `gcp:${name}`,
      line: record.line,
      evidence: `API key of project ${of}`,
      reaches: record
        .child('restrictions')
        .children('apiTargets')
        .map((target) => ({
          what: target.text('service'),
          access: 'unknown' as const,
          because: 'it is restricted to this',
        })),
      traits: [
        credentialTrait(fact, where),
        ...(record.has('restrictions')
          ? []
          : [{ trait: 'credential:unrestricted', detail: `API key ${title}`, where }]),
        ...(addresses.length > 0
          ? [{ trait: LIMITED_TO_NETWORKS, detail: `API key ${title}: ${addresses.slice(0, 5).join(', ')}`, where }]
          : []),
      ],
    },
  ]
}

// A file by which a workload of another cloud, or of CI, becomes an account: no secret, but an identity and whom it trusts.
const externalAccount: Form = (record) => {
  const audience = record.text('audience')
  const [, pool, id] =
    /\/workloadIdentityPools\/([^/]{1,60})\/providers\/([^/]{1,60})$/.exec(audience) ??
    /\/workforcePools\/([^/]{1,60})\/providers\/([^/]{1,60})$/.exec(audience) ??
    []
  if (!record.text('type').startsWith('external_account') || pool === undefined || id === undefined) return undefined
  const [, email = ''] =
    /\/serviceAccounts\/([^/:]{3,200}):generateAccessToken$/.exec(record.text('serviceAccountImpersonationUrl')) ?? []
  const provider = audience.replace(/^\/\/iam\.googleapis\.com\//, '')
  const proof = proofOf(record.child('credentialSource'))
  const becomes = EMAIL.test(email) ? [account(email, record.line, `provider ${id} of pool ${pool} becomes it`)] : []
  return [
    {
      kind: 'integration',
      name: `federation provider ${id} of pool ${pool}`,
      key: `gcp:${provider}`,
      line: record.line,
      evidence: `credentials by federation: it proves itself by ${proof}`,
      reaches: becomes.map(({ name }) => ({ what: name, access: 'admin', because: 'it may become it' })),
    },
    ...becomes,
  ]
}

const proofOf = (source: ExportRecord): string => {
  if (source.text('environmentId').startsWith('aws')) return 'its role in AWS'
  const path = source.text('file')
  if (path !== '') return `the token in ${path}`
  if (source.has('executable')) return 'what a program prints'
  return source.has('certificate') ? 'a certificate' : 'a token that it is given over HTTP'
}

// What other files, or other places of this one, have to be laid beside.
const factsOf = (record: ExportRecord, file: ScannedFile): Fact[] => {
  const where = file.at(record.line)
  const email = record.text('email')
  const isDisabled = record.is('disabled') && record.has('uniqueId') && EMAIL.test(email)
  const open = record.text('role') !== '' && record.has('members') ? openToStrangers(record) : undefined
  return [
    ...(isDisabled ? [{ type: DISABLED, fields: { account: email }, where }] : []),
    ...(open ? [{ type: OPEN_TO_STRANGERS, fields: open, where }] : []),
    ...emailsOf(record).map((one) => ({ type: RUNS_AS, fields: { what: nameOf(record), account: one }, where })),
  ]
}

const emailsOf = (record: ExportRecord): string[] =>
  [
    record.text(
      'serviceAccount',
      'serviceAccountName',
      'serviceAccountEmail',
      'serviceAccountEmailAddress',
      'serviceAccountId',
    ),
    ...record.children('serviceAccounts').map((one) => one.text('email')),
  ].filter((email) => EMAIL.test(email))

// Functions, services, instances, nodes: each says as whom it runs.
const runsAs: Form = (record, file) => {
  const name = nameOf(record)
  return emailsOf(record).map((email) => {
    const isDefault = /-compute@developer\.gserviceaccount\.com$|@appspot\.gserviceaccount\.com$/.test(email)
    const trait = { trait: 'account:shared-default', detail: `${name} runs as ${email}`, where: file.at(record.line) }
    return { ...account(email, record.line, `${name} runs as it`), traits: isDefault ? [trait] : [] }
  })
}

const nameOf = (record: ExportRecord): string => {
  let at: ExportRecord | undefined = record
  for (let steps = 0; at && steps < 4; steps += 1, at = at.parent) {
    const name = at.text('name', 'displayName')
    if (name !== '') return name
  }
  return 'something'
}

const FORMS: readonly Form[] = [
  serviceAccount,
  accountKey,
  provider,
  apiKey,
  externalAccount,
  runsAs,
  activity,
  insight,
]
