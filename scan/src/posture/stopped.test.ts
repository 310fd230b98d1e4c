import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../scan-documents.ts'

const ID = '00000000-0000-4000-8000-00000000000a'
const EMAIL = 'ci@acme.iam.gserviceaccount.com'
/** By whose export: one account, on or off. */
const ACCOUNTS: Readonly<Record<string, (isOn: boolean) => object>> = {
  Okta: (isOn) => ({ id: '0oa1', label: 'ci', signOnMode: 'OPENID_CONNECT', status: isOn ? 'ACTIVE' : 'INACTIVE' }),
  Entra: (isOn) => ({
    ...{ appId: ID, id: ID, displayName: 'ci', servicePrincipalType: 'Application' },
    accountEnabled: isOn,
  }),
  'Google Cloud': (isOn) => ({
    ...{ name: `projects/acme/serviceAccounts/${EMAIL}`, email: EMAIL, uniqueId: '1', projectId: 'acme' },
    disabled: !isOn,
  }),
}

for (const [name, accountOf] of Object.entries(ACCOUNTS))
  test(`nobody is asked to own an account of ${name} that was disabled`, () => {
    const rulesOf = (isOn: boolean) =>
      scanDocuments([{ path: 'export.json', text: JSON.stringify([accountOf(isOn)]) }], {
        salt: 'a salt for tests',
        now: new Date('2026-09-01T00:00:00Z'),
      }).findings.map(({ rule }) => rule)
    assert.deepEqual([rulesOf(true), rulesOf(false)], [['posture/unowned'], []])
  })
