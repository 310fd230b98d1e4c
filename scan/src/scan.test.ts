import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { renderJson } from './render/json.ts'
import { renderSarif } from './render/sarif.ts'
import { renderTable } from './render/table.ts'
import type { ScanReport } from './report.ts'
import { type ScanOptions, scan } from './scan.ts'

const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

const folderWith = (t: TestContext, files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

const everythingIn = (report: ScanReport): string =>
  [renderJson(report), renderSarif(report), renderTable(report), renderTable(report, { isColoured: true })].join('\n')

const SECRETS = ['q7Rt2xLp9Wz4Kd8Vn3', 'Hq3!vBn7Lz2wKx9Rt', ['sk', 'live', 'aB3dE5gH7jK9mN2pQ4sT6vW8'].join('_')]

test('no output repeats a secret, wherever in a file it stands a second time', async (t) => {
  const [plain = '', special = '', token = ''] = SECRETS
  const folder = folderWith(t, {
    'app/.env': `DB_PASSWORD=${plain}\nMAIL_PASSWORD='${special}'\nnot an assignment ${plain}\n`,
    'app/compose.yaml': `services:\n  ${plain}:\n    image: app:${plain}\n    environment:\n      DB_PASSWORD: ${plain}\n      URL: https://h.example/?k=${plain}\n    ports: ["5432:5432"]\n    env_file: /etc/${token}\n`,
    [`app/${token}.txt`]: `api_key = "${plain}"`,
    'app/.github/workflows/x.yml': `name: ${token}\non: push\njobs:\n  ${token}:\n    runs-on: x\n    steps:\n      - uses: a/${token}@v1\n      - run: curl -H "${token}" https://u:${plain}@h.example/\n`,
    'app/CODEOWNERS': `* ${token}\n`,
    'app/cluster.yaml': `apiVersion: v1\nkind: Pod\nmetadata: {name: '${plain}', namespace: '${plain}'}\nspec:\n  serviceAccountName: '${token}'\n  containers:\n    - env: [{name: DB_PASSWORD, value: '${plain}'}]\n---\napiVersion: v1\nkind: ClusterRoleBinding\nmetadata: {name: '${plain}'}\nroleRef: {kind: ClusterRole, name: '${plain}'}\nsubjects: [{kind: User, name: ann}]\n`,
    'app/.mcp.json': JSON.stringify({
      mcpServers: { [plain]: { command: plain, args: ['--token', plain, `x@${token}`] } },
    }),
    'app/bad.yaml': `a: [${plain}\nb: "${token}\n`,
  })
  const report = await scan([folder], OPTIONS)
  assert.ok(report.findings.length >= 6, 'they were found')
  const output = everythingIn(report)
  for (const secret of SECRETS) assert.ok(!output.includes(secret), `an output repeats ${secret}`)
})

test('of a long secret the last four characters are kept, of a short one none', async (t) => {
  const folder = folderWith(t, { '.env': 'LONG_API_KEY=q7Rt2xLp9Wz4Kd8Vn3Fg6Hj\nDB_PASSWORD=Hq3!vBn7\n' })
  const report = await scan([folder], OPTIONS)
  const tails = report.sightings.flatMap(({ traits }) => traits.flatMap(({ credential }) => credential?.tail ?? []))
  assert.deepEqual(tails, ['g6Hj', ''])
})

test('a scan run twice, from elsewhere, or of a copy, has the same fingerprints and keys', async (t) => {
  const files = {
    'shop/.github/workflows/ci.yml': 'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: b/c@v1\n',
    'shop/.env': 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\nOTHER_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n',
  }
  const folder = folderWith(t, files)
  const copy = folderWith(t, {})
  cpSync(folder, join(copy, 'moved'), { recursive: true })
  const namesOf = (report: ScanReport) => ({
    findings: report.findings.map(({ fingerprint }) => fingerprint).sort(),
    sightings: report.sightings.map(({ stableKey }) => stableKey).sort(),
  })
  const first = namesOf(await scan([folder], OPTIONS))
  assert.ok(first.findings.length >= 4)
  assert.equal(new Set(first.findings).size, first.findings.length, 'no two findings have one fingerprint')
  assert.deepEqual(namesOf(await scan([`${folder}/`], { ...OPTIONS, now: new Date('2027-01-01') })), first)
  assert.deepEqual(namesOf(await scan([join(copy, 'moved', 'shop')], OPTIONS)), first)
})

test('lines added above a finding do not change its fingerprint', async (t) => {
  const text = 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n'
  const folder = folderWith(t, { 'shop/.github/x': '', 'shop/.env': text })
  const before = await scan([folder], OPTIONS)
  writeFileSync(join(folder, 'shop/.env'), `# one\n# two\n${text}`)
  const after = await scan([folder], OPTIONS)
  assert.deepEqual(
    after.findings.map(({ fingerprint }) => fingerprint),
    before.findings.map(({ fingerprint }) => fingerprint),
  )
  assert.notEqual(after.findings[0]?.where.line, before.findings[0]?.where.line)
})

test('another salt gives other fingerprints of secrets, and says so; a short salt is refused', async (t) => {
  const folder = folderWith(t, { '.env': 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n' })
  const one = await scan([folder], OPTIONS)
  const other = await scan([folder], { ...OPTIONS, salt: 'another salt of these tests' })
  const fingerprint = (report: ScanReport) => report.sightings[0]?.traits[0]?.credential?.fingerprint
  assert.notEqual(fingerprint(one), fingerprint(other))
  assert.notEqual(one.saltId, other.saltId)
  await assert.rejects(scan([folder], { ...OPTIONS, salt: 'short' }), RangeError)
})

test('one secret in several places is one credential, and each place has its finding', async (t) => {
  const line = 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"\n'
  const folder = folderWith(t, { 'a.txt': line, 'b.txt': line, 'c.txt': line })
  const report = await scan([folder], OPTIONS)
  assert.equal(report.sightings.length, 1)
  assert.equal(report.sightings[0]?.alsoAt.length, 2)
  assert.equal(report.findings.length, 3)
})

test('a comment, ours or another scanner’s, allows a finding on its line, and the report still names it', async (t) => {
  const secret = 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"'
  const folder = folderWith(t, {
    'a.txt': [
      `${secret} # reeve:allow`,
      '# reeve:allow-next-line secrets -- rotated last week',
      secret,
      `${secret} # gitleaks:allow`,
      `${secret} # reeve:allow ci/unpinned-action`,
      secret,
      `${secret} # reeve:allow-next-line`,
    ].join('\n'),
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.findings.map(({ where }) => where.line),
    [5, 6, 7],
  )
  assert.deepEqual(
    report.allowed.map(({ where, by }) => [where.line, by]),
    [
      [1, 'reeve:allow'],
      [3, 'reeve:allow-next-line'],
      [4, 'gitleaks:allow'],
    ],
  )
})

test('each mark of an allow comment counts, also where it is the only one of its file', async (t) => {
  const secret = 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"'
  const here = ['reeve:allow', 'gitleaks:allow', 'secretlint-disable-line', 'pragma: allowlist secret']
  const next = ['reeve:allow-next-line', 'secretlint-disable-next-line', 'pragma: allowlist nextline secret']
  const files = [
    ...[...here, 'trufflehog:ignore', 'ggignore'].map((mark) => `${secret} # ${mark}`),
    ...next.map((mark) => `# ${mark}\n${secret}`),
  ]
  const folder = folderWith(t, Object.fromEntries(files.map((text, number) => [`${number}.txt`, text])))
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(report.findings, [])
  assert.equal(report.allowed.length, files.length)
})

test('a rule can be switched off, and a finding or a credential allowed by its fingerprint', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"\n' })
  const report = await scan([folder], OPTIONS)
  const [finding] = report.findings
  const credential = report.sightings[0]?.traits[0]?.credential
  assert.ok(finding && credential)
  assert.deepEqual((await scan([folder], { ...OPTIONS, rulesOff: [finding.rule] })).findings, [])
  for (const fingerprint of [finding.fingerprint, credential.fingerprint]) {
    const allowed = await scan([folder], { ...OPTIONS, allowFingerprints: [fingerprint] })
    assert.deepEqual(allowed.findings, [])
    assert.equal(allowed.allowed[0]?.by, 'option')
  }
})

test('a source that fails on a file costs the others nothing, and is named', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"\n' })
  const { secretsSource } = await import('./sources/secrets/source.ts')
  const broken = {
    name: 'broken',
    wants: () => true,
    read: () => {
      throw new TypeError('q7Rt2xLp9Wz4Kd8Vn3')
    },
  }
  const report = await scan([folder], { ...OPTIONS, sources: [broken, secretsSource] })
  assert.deepEqual(
    report.problems.map(({ reason, detail }) => [reason, detail]),
    [['source-failed', 'source broken failed: TypeError']],
  )
  assert.equal(report.findings.length, 1)
})

test('a source that fails on all files together costs the others nothing, and is named', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'api_key = "q7Rt2xLp9Wz4Kd8Vn3"\n' })
  const { secretsSource } = await import('./sources/secrets/source.ts')
  const broken = {
    name: 'broken',
    wants: () => false,
    read: () => ({ sightings: [], problems: [] }),
    relate: () => {
      throw new TypeError('q7Rt2xLp9Wz4Kd8Vn3')
    },
  }
  const report = await scan([folder], { ...OPTIONS, sources: [broken, secretsSource] })
  assert.deepEqual(
    report.problems.map(({ reason, detail }) => [reason, detail]),
    [['source-failed', 'source broken failed on all files together: TypeError']],
  )
  assert.equal(report.findings.length, 1)
})

test('what only all files together tell reaches an identity that another source saw first', async (t) => {
  const appId = '11111111-1111-4111-8111-111111111111'
  const folder = folderWith(t, {
    'a/terraform.tfstate': JSON.stringify({
      version: 4,
      terraform_version: '1.9.0',
      resources: [
        {
          mode: 'managed',
          type: 'azuread_application',
          name: 'billing',
          instances: [{ attributes: { client_id: appId, display_name: 'billing' } }],
        },
      ],
    }),
    'b/sps.json': JSON.stringify([{ id: 'p1', appId, displayName: 'billing', servicePrincipalType: 'Application' }]),
    'c/roles.json': JSON.stringify([
      {
        principalId: 'p1',
        principalType: 'ServicePrincipal',
        roleDefinitionId: '/x/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
        roleDefinitionName: 'Owner',
        scope: '/subscriptions/s',
      },
    ]),
  })
  const { sightings, findings } = await scan([folder], OPTIONS)
  assert.deepEqual(
    sightings.map(({ stableKey, source }) => [stableKey, source]),
    [[`azure:${appId}`, 'terraform-state']],
  )
  assert.ok(findings.some(({ rule }) => rule === 'account/broad-role'))
})

test('a repository is called as its remote is, without the password that its URL may hold', async (t) => {
  const folder = folderWith(t, {
    'checkout/.git/config':
      '[core]\n[remote "origin"]\n\turl = https://bot:q7Rt2xLp9Wz4Kd8Vn3@git.example/acme/shop.git\n',
    'checkout/compose.yaml': 'services:\n  web:\n    image: web\n',
  })
  const report = await scan([join(folder, 'checkout')], OPTIONS)
  assert.equal(report.sightings[0]?.name, 'acme/shop/web')
  assert.ok(!renderJson(report).includes('q7Rt2xLp9Wz4Kd8Vn3'))
})

test('two repositories of one name are told apart, and so are their identities', async (t) => {
  const compose = 'services:\n  web:\n    image: web\n'
  const folder = folderWith(t, {
    'a/shop/CODEOWNERS': '* @team-a\n',
    'a/shop/compose.yaml': compose,
    'b/shop/CODEOWNERS': '* @team-b\n',
    'b/shop/compose.yaml': compose,
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.sightings.map(({ name, ownerHint }) => [name, ownerHint?.value]),
    [
      ['shop/web', '@team-a'],
      ['b/shop/web', '@team-b'],
    ],
  )
})

test('the same credential in production and elsewhere, or in two repositories, is a finding', async (t) => {
  const folder = folderWith(t, {
    'shop/CODEOWNERS': '* @a\n',
    'shop/.env.production': 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n',
    'shop/.env.test': 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n',
    'mail/CODEOWNERS': '* @a\n',
    'mail/.env': 'SHOP_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n',
  })
  const report = await scan([folder], OPTIONS)
  const rules = report.findings.map(({ rule }) => rule)
  assert.ok(rules.includes('posture/across-environments'))
  assert.ok(rules.includes('posture/reused-credential'))
})

test('the same credential in two environments that are not production breaks no wall of production', async (t) => {
  const line = 'DB_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\n'
  const folder = folderWith(t, { 'shop/CODEOWNERS': '* @a\n', 'shop/.env.staging': line, 'shop/.env.test': line })
  const report = await scan([folder], OPTIONS)
  assert.ok(!report.findings.some(({ rule }) => rule === 'posture/across-environments'))
})

test('no output can steer a terminal or forge a line, whatever a file says', async (t) => {
  const evil = 'a\u001b]0;owned\u0007\u009b31m\u202eb\r\nc\u2028d'
  const folder = folderWith(t, {
    'compose.yaml': `services:\n  "x${evil.replaceAll('\r\n', '\\r\\n')}":\n    image: ${JSON.stringify(evil)}\n    privileged: true\n`,
    '.env': `DB_HOST=h\nREDIS_PASSWORD=pässwörd\u202e9Kd8Vn3xyz\n`,
  })
  const report = await scan([folder], OPTIONS)
  assert.ok(report.findings.length >= 2)
  const isSteering = (text: string) =>
    [...text].some((char) => {
      const code = char.codePointAt(0) ?? 0
      return (code < 0x20 && char !== '\n') || (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e)
    })
  for (const output of [renderJson(report), renderSarif(report), renderTable(report)]) assert.ok(!isSteering(output))
  const lines = renderTable(report).split('\n')
  assert.ok(lines.every((line) => !line.startsWith('c\\u')))
})
