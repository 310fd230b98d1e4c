import { exportSource, type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'
import type { ExportRecord } from '../../exports/records.ts'

/** What a secret manager says of one secret: never its value. */
const aws: Form = (record, file) => {
  const arn = record.text('ARN')
  if (!/^arn:[\w-]{1,20}:secretsmanager:/.test(arn) || !record.has('Name')) return undefined
  const name = record.text('Name')
  const isRotated = record.is('RotationEnabled')
  return {
    kind: 'account',
    name: `secret ${name} of AWS`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `secret of AWS Secrets Manager, ${isRotated ? 'rotated by itself' : 'not rotated'}`,
    owner: {
      value:
        record
          .children('Tags')
          .find((tag) => /^(?:owner|team)$/i.test(tag.text('Key')))
          ?.text('Value') ?? '',
      because: 'a tag',
    },
    traits: [
      listedCredential(record, file, `secret ${name}`, {
        made: record.has('LastChangedDate') ? 'LastChangedDate' : 'CreatedDate',
        used: 'LastAccessedDate',
      }),
      ...traitsOf(record, file, [
        [!isRotated && record.has('RotationEnabled'), 'credential:not-rotated', `secret ${name}`],
      ]),
    ],
  }
}

const parameter: Form = (record, file) => {
  if (record.text('Type') !== 'SecureString' || !record.has('LastModifiedDate')) return undefined
  const name = record.text('Name')
  return {
    kind: 'account',
    name: `parameter ${name} of AWS`,
    key: `aws:${record.text('ARN') || `parameter:${file.repository}:${file.repositoryPath}#${name}`}`,
    line: record.line,
    evidence: `sealed parameter, last changed by ${record.text('LastModifiedUser') || 'somebody'}`,
    traits: [listedCredential(record, file, `parameter ${name}`, { made: 'LastModifiedDate' })],
  }
}

const google: Form = (record, file) => {
  const name = record.text('name')
  if (
    !/^projects\/[^/]{1,60}(?:\/locations\/[^/]{1,40})?\/secrets\/[^/]{1,255}$/.test(name) ||
    !record.has('createTime')
  )
    return undefined
  const title = name.split('/').at(-1) ?? name
  return {
    kind: 'account',
    name: `secret ${title} of Google Cloud`,
    key: `gcp:${name}`,
    line: record.line,
    evidence: `secret of Secret Manager, ${record.has('rotation') ? 'with a rotation' : 'without a rotation'}`,
    owner: { value: record.child('labels').text('team', 'owner'), because: 'a label' },
    traits: [
      // Its versions tell when it changed; of the list, only that it may never have.
      listedCredential(record, file, `secret ${title}`, {
        ...(record.has('expireTime') ? { ends: 'expireTime' } : {}),
      }),
      ...traitsOf(record, file, [[!record.has('rotation'), 'credential:not-rotated', `secret ${title}`]]),
    ],
  }
}

const azure: Form = (record, file) => {
  // Azure Resource Manager has its own id, and the secret's address beside.
  const id = record.text('secretUri', 'id')
  const title =
    /^https:\/\/[\w-]{3,24}\.vault\.(?:azure\.[a-z.]{2,10}|usgovcloudapi\.net)\/secrets\/([^/]{1,127})/.exec(id)?.[1]
  if (title === undefined) return undefined
  const own = record.child('attributes')
  const from = own.names().length > 0 ? own : record
  if (from.text('enabled') === 'false') return undefined
  const made = from.has('updated') ? 'updated' : 'updated_on'
  const ends = ['expires', 'expires_on', 'exp'].find((field) => from.has(field))
  return {
    kind: 'account',
    name: `secret ${title} of Azure`,
    key: `azure:${id}`,
    line: record.line,
    evidence: `secret of Key Vault ${id.split('/')[2] ?? ''}`,
    owner: { value: tagged(record) || (record.parent ? tagged(record.parent) : ''), because: 'a tag' },
    traits: [
      listedCredential(from, file, `secret ${title}`, { made, ...(ends === undefined ? { never: true } : { ends }) }),
    ],
  }
}

const tagged = (record: ExportRecord): string => record.child('tags').text('owner', 'team')

// `vault token lookup -format=json` of an accessor, or the accessors' list with its answers.
const vaultToken: Form = (record, file) => {
  if (!record.has('accessor') || !record.has('policies') || !record.has('orphan')) return undefined
  const name = record.text('display_name') || 'token'
  const isRoot = record.texts('policies').includes('root')
  const never = record.text('expire_time') === ''
  return {
    kind: 'account',
    name: `Vault token ${name}`,
    key: `vault-token:${record.text('accessor')}`,
    line: record.line,
    evidence: `policies ${record.texts('policies').slice(0, 20).join(', ')}`,
    reaches: record.texts('policies').map((policy) => ({
      what: `Vault: ${policy}`,
      access: policy === 'root' ? 'admin' : 'unknown',
      because: 'a policy of the token',
    })),
    traits: [
      listedCredential(record, file, `token ${name}`, {
        made: 'creation_time',
        ...(never ? { never: true } : { ends: 'expire_time' }),
      }),
      ...traitsOf(record, file, [[isRoot, 'account:superuser', `token ${name} has the policy root`]]),
    ],
  }
}

const vaultRole: Form = (record, file) => {
  const isAppRole = record.has('bind_secret_id') && record.has('token_policies')
  if (!isAppRole) return undefined
  const under = record.under.split('.').at(-1) || file.baseName
  const isOpen = record.texts('secret_id_bound_cidrs').length === 0 && record.texts('token_bound_cidrs').length === 0
  return {
    kind: 'account',
    name: `Vault AppRole ${record.text('role_name') || under}`,
    key: `vault-role:${record.text('role_id') || `${file.repository}:${file.repositoryPath}#${record.line}`}`,
    line: record.line,
    evidence: `policies ${record.texts('token_policies').join(', ')}`,
    reaches: record
      .texts('token_policies')
      .map((policy) => ({ what: `Vault: ${policy}`, access: 'unknown', because: 'a policy of the role' })),
    traits: traitsOf(record, file, [
      [record.text('bind_secret_id') === 'false', 'account:no-password', 'its role id alone is enough'],
      [
        record.text('secret_id_ttl') === '0' || record.text('secret_id_ttl') === '',
        'app:static-secret',
        'its secret ids never end',
      ],
      [isOpen, 'account:from-anywhere', 'no network is named'],
      [record.texts('token_policies').includes('root'), 'account:superuser', 'the policy root'],
    ]),
  }
}

/** Listings of secret managers: Vault, and those of AWS, Google Cloud and Azure. Metadata, never a value. */
export const secretStoresSource = exportSource(
  'secret-stores',
  [
    '"RotationEnabled"',
    ':secretsmanager:',
    '"SecureString"',
    '"replication"',
    '.vault.azure.',
    '.vault.usgovcloudapi.',
    '"bind_secret_id"',
    '"orphan"',
  ],
  [aws, parameter, google, azure, vaultToken, vaultRole],
)
