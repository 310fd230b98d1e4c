import { testExports } from '../../../test/export-table.ts'
import { secretStoresSource } from './source.ts'

const NEW = '2026-08-01T00:00:00Z'
const aws = (more: object) => ({
  ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf',
  Name: 'db',
  RotationEnabled: true,
  LastChangedDate: NEW,
  LastAccessedDate: NEW,
  ...more,
})
const token = (more: object) => ({
  data: {
    accessor: 'a',
    display_name: 'ci',
    policies: ['default', 'ci'],
    orphan: false,
    creation_time: 1785542400,
    expire_time: '2026-10-01T00:00:00Z',
    ...more,
  },
})
const role = (more: object) => ({
  data: {
    bind_secret_id: true,
    token_policies: ['ci'],
    secret_id_ttl: 3600,
    secret_id_bound_cidrs: ['10.0.0.0/8'],
    ...more,
  },
})

testExports(secretStoresSource, [
  ['a secret of AWS that is rotated', aws({}), []],
  [
    'a secret of AWS that is not',
    aws({ RotationEnabled: false, LastChangedDate: '2026-01-01T00:00:00Z' }),
    ['credential/not-rotated low', 'credential/old medium'],
  ],
  [
    'a secret of AWS that nobody reads',
    aws({ LastAccessedDate: '2026-01-01T00:00:00Z' }),
    ['credential/unused medium'],
  ],
  [
    'an old sealed parameter',
    {
      Name: '/db',
      Type: 'SecureString',
      LastModifiedDate: '2024-01-01T00:00:00Z',
      ARN: 'arn:aws:ssm:eu-west-1:1:parameter/db',
    },
    ['credential/old high'],
  ],
  [
    'a secret of Google without a rotation',
    { name: 'projects/p/secrets/db', replication: { automatic: {} }, createTime: NEW },
    ['credential/not-rotated low'],
  ],
  [
    'a secret of Google of one region without a rotation',
    { name: 'projects/p/locations/europe-west3/secrets/db', replication: {}, createTime: NEW },
    ['credential/not-rotated low'],
  ],
  [
    'a secret of Google with one',
    {
      name: 'projects/p/secrets/db',
      replication: { automatic: {} },
      createTime: NEW,
      rotation: { rotationPeriod: '1s' },
    },
    [],
  ],
  [
    'a secret of Azure without an end',
    { id: 'https://kv1.vault.azure.net/secrets/db', attributes: { enabled: true, updated: NEW } },
    ['credential/without-end medium'],
  ],
  [
    'a secret of Azure with one',
    {
      id: 'https://kv1.vault.azure.net/secrets/db',
      attributes: { enabled: true, updated: NEW, expires: '2026-12-01T00:00:00Z' },
    },
    [],
  ],
  [
    'a secret of Azure Government as Resource Manager lists it, which ends late',
    {
      id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv1/secrets/db',
      properties: {
        secretUri: 'https://kv1.vault.usgovcloudapi.net/secrets/db',
        attributes: { enabled: true, updated: Date.parse(NEW) / 1000, exp: Date.UTC(2036, 0) / 1000 },
      },
    },
    ['credential/without-end medium'],
  ],
  ['a token of Vault', token({}), []],
  [
    'a root token of Vault',
    token({ policies: ['root'], expire_time: null }),
    ['account/superuser high', 'credential/without-end medium'],
  ],
  ['an AppRole', role({}), []],
  [
    'an AppRole that its id alone opens',
    role({ bind_secret_id: false, secret_id_ttl: 0, secret_id_bound_cidrs: null }),
    ['account/from-anywhere low', 'account/no-password high', 'app/static-secret low'],
  ],
])
