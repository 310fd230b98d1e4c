import { exportSource, type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'
import type { ExportRecord } from '../../exports/records.ts'
import { sshFingerprint } from '../../exports/ssh-key.ts'
import { sshWeakness, WEAK_KEY } from '../../exports/weak-key.ts'
import type { Reach } from '../../report.ts'

const permissionsOf = (record: ExportRecord): { name: string; level: string }[] => {
  const all = record.child('permissions')
  const groups = all.names().filter((name) => all.child(name).names().length > 0)
  const own = all.names().map((name) => ({ name, level: all.text(name) }))
  const nested = groups.flatMap((group) =>
    all
      .child(group)
      .names()
      .map((name) => ({ name, level: all.child(group).text(name) })),
  )
  return [...own, ...nested].filter(({ level }) => level !== '')
}

const WIDE =
  /^(?:administration|organization_administration|members|workflows|secrets|organization_secrets|actions|environments|organization_self_hosted_runners)$/

// To change code, its pipeline or its members everywhere is to be everybody there.
const isWide = (record: ExportRecord, permissions: readonly { name: string; level: string }[]): boolean =>
  permissions.some(
    ({ name, level }) =>
      (level === 'write' || level === 'admin') &&
      (WIDE.test(name) || (name === 'contents' && record.text('repository_selection') === 'all')),
  )

const reachOf = (record: ExportRecord, of: string): Reach[] =>
  permissionsOf(record).map(({ name, level }) => ({
    what: `${name} of ${record.text('repository_selection') === 'all' ? 'every repository' : 'some repositories'} of ${of}`,
    access: level === 'read' || level === 'write' || level === 'admin' ? level : 'unknown',
    because: 'its permissions',
  }))

const personalToken: Form = (record, file) => {
  const id = record.text('token_id')
  if (id === '' || !record.has('token_name')) return undefined
  const login = record.child('owner').text('login')
  const name = `fine-grained token ${record.text('token_name')} of ${login || 'somebody'}`
  const permissions = permissionsOf(record)
  const isOver = record.is('token_expired')
  return {
    kind: 'account',
    name,
    key: `github-token:${id}`,
    line: record.line,
    evidence: `fine-grained personal access token${isOver ? ', expired' : ''}`,
    owner: { value: login, because: 'the token is of this person' },
    reaches: reachOf(record, 'the organisation'),
    traits: isOver
      ? []
      : [
          listedCredential(record, file, name, {
            made: 'access_granted_at',
            used: 'token_last_used_at',
            ends: 'token_expires_at',
          }),
          ...traitsOf(record, file, [
            [permissions.some(({ level }) => level !== 'read'), 'credential:personal', name],
            [
              isWide(record, permissions),
              'app:wide-scopes',
              permissions.map(({ name: what, level }) => `${what}: ${level}`).join(', '),
            ],
          ]),
        ],
  }
}

const authorizedCredential: Form = (record, file) => {
  const id = record.text('credential_id')
  if (id === '' || !record.has('credential_type')) return undefined
  const login = record.text('login')
  const name = `${record.text('credential_type')} ${id} of ${login}`
  const scopes = record.texts('scopes')
  return {
    kind: 'account',
    name,
    key: `github-credential:${id}`,
    line: record.line,
    evidence: `credential that single sign-on lets in, scopes ${scopes.join(', ') || 'none'}`,
    owner: { value: login, because: 'the credential is of this person' },
    reaches: scopes.map((what) => ({ what, access: 'unknown' as const, because: 'its scopes' })),
    traits: [
      listedCredential(record, file, name, {
        made: 'credential_authorized_at',
        used: 'credential_accessed_at',
        ends: 'authorized_credential_expires_at',
      }),
      ...traitsOf(record, file, [
        [
          scopes.some((scope) => /^(?:admin:|delete_repo$|workflow$|site_admin$)/.test(scope)),
          'app:wide-scopes',
          scopes.join(', '),
        ],
      ]),
    ],
  }
}

const app: Form = (record, file) => {
  const isInstalled = record.has('app_slug') && record.has('app_id')
  const isOwn = record.has('slug') && record.has('external_url') && record.has('events')
  if (!isInstalled && !isOwn) return undefined
  const name = record.text('app_slug', 'slug')
  const of = record.child('account').text('login') || record.text('target_type') || 'its owner'
  const permissions = permissionsOf(record)
  const isOff = record.text('suspended_at') !== ''
  return {
    kind: 'integration',
    name: `GitHub app ${name}`,
    key: `github-app:${record.text('app_id', 'id')}`,
    line: record.line,
    evidence: isInstalled
      ? `installed on ${record.text('repository_selection') || 'some'} repositories of ${of}${isOff ? ', suspended' : ''}`
      : 'registered app',
    reaches: reachOf(record, of),
    traits: traitsOf(record, file, [
      [
        !isOff && isWide(record, permissions),
        'app:wide-scopes',
        permissions.map(({ name: what, level }) => `${what}: ${level}`).join(', '),
      ],
    ]),
  }
}

const deployKey: Form = (record, file) => {
  const key = record.text('key')
  if (!record.has('read_only') || !record.has('title') || !/^(?:ssh|ecdsa|sk)-/.test(key)) return undefined
  const of = /\/repos\/([^/]{1,100}\/[^/]{1,100})\/keys\//.exec(record.text('url'))?.[1] ?? 'a repository'
  const name = `deploy key ${record.text('title')} of ${of}`
  const fingerprint = sshFingerprint(key)
  const writes = record.text('read_only') === 'false'
  const weakness = sshWeakness(key)
  return {
    kind: 'account',
    name,
    key: fingerprint === undefined ? `github-deploy-key:${record.text('id')}` : `ssh-key:${fingerprint}`,
    line: record.line,
    evidence: `${name}, ${writes ? 'may write' : 'reads only'}`,
    owner: { value: record.text('added_by'), because: 'who added it' },
    reaches: [{ what: `repository ${of}`, access: writes ? 'write' : 'read', because: 'deploy key' }],
    traits: [
      listedCredential(record, file, name, { made: 'created_at', used: 'last_used', never: true }),
      ...traitsOf(record, file, [
        [writes, 'account:deploy-key-writes', name],
        [weakness !== undefined, WEAK_KEY, `${name}: ${weakness}`],
      ]),
    ],
  }
}

const webhook: Form = (record, file) => {
  const config = record.child('config')
  const url = config.text('url')
  if (url === '' || !record.has('events')) return undefined
  const isActive = record.text('active') !== 'false'
  return {
    kind: 'integration',
    name: `webhook to ${hostOf(url)}`,
    key: `github-webhook:${url}`,
    line: record.line,
    evidence: `sends ${record.texts('events').slice(0, 10).join(', ')}`,
    reaches: [{ what: hostOf(url), access: 'unknown', because: 'events are sent there' }],
    traits: traitsOf(record, file, [
      [isActive && config.text('secret') === '', 'webhook:unsigned', hostOf(url)],
      [
        isActive && (config.text('insecure_ssl') === '1' || url.startsWith('http://')),
        'webhook:unchecked-tls',
        hostOf(url),
      ],
    ]),
  }
}

const hostOf = (url: string): string => /^\w{2,10}:\/\/(?:[^@/]{0,200}@)?([^/?#]{1,200})/.exec(url)?.[1] ?? 'somewhere'

const SECRET_FIELDS = new Set([
  'name',
  'created_at',
  'updated_at',
  'visibility',
  'selected_repositories_url',
  'num_selected_repos',
])

// The lists of secrets hold no more than names and days; variables have a value as well.
const secret: Form = (record, file) => {
  const name = record.text('name')
  const isSecret =
    /secret/i.test(record.under) &&
    record.has('updated_at') &&
    record.names().every((field) => SECRET_FIELDS.has(field))
  if (!isSecret || !/^[A-Z_][A-Z0-9_]{0,200}$/.test(name)) return undefined
  const visibility = record.text('visibility')
  return {
    kind: 'account',
    name: `secret ${name} of ${record.under.split('.').at(-1) === 'secrets' ? 'GitHub Actions' : record.under}`,
    key: `github-secret:${file.repository}:${file.repositoryPath}:${record.under}/${name}`,
    line: record.line,
    evidence: `secret of GitHub Actions${visibility === '' ? '' : `, for ${visibility} repositories`}`,
    traits: [
      listedCredential(record, file, `secret ${name}`, { made: 'updated_at' }),
      ...traitsOf(record, file, [
        [
          visibility === 'all' || visibility === 'private',
          'credential:visible-to-all',
          `${name}: ${visibility} repositories`,
        ],
      ]),
    ],
  }
}

/** What an organisation on GitHub exports: apps, tokens, deploy keys, webhooks, the secrets of Actions. */
export const githubSource = exportSource(
  'github',
  ['"token_id"', '"credential_id"', '"app_slug"', '"external_url"', '"read_only"', '"insecure_ssl"', '"updated_at"'],
  [personalToken, authorizedCredential, app, deployKey, webhook, secret],
)
