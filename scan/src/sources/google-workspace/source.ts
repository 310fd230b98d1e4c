import { exportSource, type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'

const token: Form = (record, file) => {
  const client = record.text('clientId')
  if (client === '' || !record.has('displayText') || !record.has('scopes')) return undefined
  const scopes = record.texts('scopes')
  const wide = scopes.filter((scope) => WIDE.test(scope))
  const name = record.text('displayText')
  return {
    kind: 'integration',
    name: `application ${name}`,
    key: `google-client:${client}`,
    line: record.line,
    evidence: `${record.text('userKey') || 'a user'} lets it use ${scopes.length} scopes${record.is('anonymous') ? '; it is not registered with Google' : ''}`,
    reaches: scopes.map((scope) => ({
      what: `Google: ${scope.replace('https://www.googleapis.com/auth/', '')}`,
      access: scope.endsWith('.readonly') ? ('read' as const) : ('unknown' as const),
      because: 'a user agreed',
    })),
    traits: traitsOf(record, file, [[wide.length > 0, 'app:wide-scopes', `${name}: ${wide.join(', ')}`]]),
  }
}

// All mail, all files, the directory, the cloud: each is more than one task takes.
const WIDE =
  /^https:\/\/(?:mail\.google\.com\/?|www\.googleapis\.com\/auth\/(?:drive|gmail\.(?:modify|settings\.sharing)|admin\.[\w.]{1,60}|cloud-platform|apps\.groups\.settings|ediscovery))$/

const appPassword: Form = (record, file) => {
  if (record.text('kind') !== 'admin#directory#asp') return undefined
  const name = `app password ${record.text('name')} of ${record.text('userKey')}`
  return {
    kind: 'account',
    name,
    key: `google-asp:${record.text('userKey')}/${record.text('codeId')}`,
    line: record.line,
    evidence: 'a password for programs that goes around the second factor',
    owner: { value: record.text('userKey'), because: 'the password is of this person' },
    traits: [
      listedCredential(record, file, name, { made: 'creationTime', used: 'lastTimeUsed', never: true }),
      ...traitsOf(record, file, [[true, 'credential:personal', name]]),
    ],
  }
}

/** What Google Workspace exports: the applications that its people let in, and their passwords for programs. */
export const googleWorkspaceSource = exportSource(
  'google-workspace',
  ['"displayText"', 'admin#directory#asp'],
  [token, appPassword],
)
