import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { tarOf, zipOf } from '../../test/make-archive.ts'
import { ARCHIVE_LIMITS } from '../archive/scan-archive.ts'
import { scan } from '../scan.ts'
import { scanHistory } from './scan-history.ts'

const OPTIONS = {
  salt: 'a salt for these tests only',
  now: new Date('2026-09-01T00:00:00Z'),
  history: { searchPath: process.env.PATH ?? '' },
}
const KEY = ['gh', 'p_9sK2mPqR7tVwXyZ3aBcD4eFgH5jLnM1kWb8Q'].join('')
const OLD = 'db_password = "q7Rt2xLp9Wz4Kd8Vn3"\n'

const start = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-history-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  let day = 0
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_AUTHOR_DATE: at(day), GIT_COMMITTER_DATE: at(day), GIT_CONFIG_GLOBAL: '/dev/null' },
    }).trim()
  git('init', '-q', '-b', 'main')
  const commit = (files: Readonly<Record<string, string | Buffer | undefined>>): string => {
    day += 1
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) rmSync(join(folder, name))
      else writeFileSync(join(folder, name), text)
    }
    git('add', '-A')
    git('commit', '-q', '-m', `day ${day}`)
    return git('rev-parse', 'HEAD').slice(0, 12)
  }
  return { folder, git, commit }
}

const at = (day: number): string => `2026-01-0${day}T00:00:00Z`

test('a secret that was taken out is found once, with the commits that brought it first and last', async (t) => {
  const { folder, commit } = start(t)
  const first = commit({ 'a.ini': OLD })
  commit({ 'a.ini': `# moved down\n${OLD}` })
  const last = commit({ 'a.ini': OLD })
  commit({ 'a.ini': 'db_password = "$DB_PASSWORD"\n' })
  const { history: _, ...present } = OPTIONS
  assert.deepEqual((await scan([folder], present)).findings, [])
  const report = await scan([folder], OPTIONS)
  const found = report.findings.filter(({ rule }) => rule.startsWith('secrets/'))
  assert.equal(found.length, 1)
  assert.equal(found[0]?.where.inRepository, 'a.ini')
  assert.equal(found[0]?.where.path, `${folder}/a.ini@${first}`)
  assert.match(
    found[0]?.evidence[0] ?? '',
    new RegExp(`in git history: added by commit ${first} of 2026-01-01, last in ${last} of 2026-01-03`),
  )
  assert.ok(!JSON.stringify(report).includes('q7Rt2xLp9Wz4Kd8Vn3'))
})

test('a secret on a branch, in a packed repository, under a tag alone or in a merge is found', async (t) => {
  const { folder, git, commit } = start(t)
  commit({ 'a.txt': 'nothing\n' })
  git('switch', '-q', '-c', 'side')
  commit({ 'b.txt': `${KEY}\n` })
  git('tag', 'kept')
  git('switch', '-q', 'main')
  git('branch', '-q', '-D', 'side')
  git('switch', '-q', '-c', 'other')
  commit({ 'c.txt': 'c\n' })
  git('switch', '-q', 'main')
  commit({ 'd.txt': 'd\n' })
  git('merge', '-q', '--no-ff', '--no-commit', 'other')
  commit({ 'merged.ini': OLD })
  commit({ 'merged.ini': undefined })
  git('pack-refs', '--all')
  git('gc', '-q')
  const paths = (await scan([folder], OPTIONS)).findings
    .filter(({ rule }) => rule.startsWith('secrets/'))
    .map(({ where }) => where.inRepository)
  assert.deepEqual(paths.sort(), ['b.txt', 'merged.ini'])
})

test('what is still there is one finding, where it is now; its history says since when', async (t) => {
  const { folder, commit } = start(t)
  const first = commit({ 'a.ini': OLD })
  commit({ 'a.ini': `\n${OLD}` })
  const report = await scan([folder], OPTIONS)
  const found = report.findings.filter(({ rule }) => rule.startsWith('secrets/'))
  assert.deepEqual(
    found.map(({ where }) => `${where.path}:${where.line}`),
    [`${folder}/a.ini:2`],
  )
  const [sighting] = report.sightings
  assert.ok(sighting?.evidence.some((line) => line.includes(`added by commit ${first}`)))
})

test('what another source tells better is told once: its history is evidence of the identity that has it', async (t) => {
  const encoded = Buffer.from('q7Rt2xLp9Wz4Kd8Vn3').toString('base64')
  const files = {
    'main.tf': 'variable "db_password" {\n  default = "q7Rt2xLp9Wz4Kd8Vn3"\n}\n',
    'dump.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  password: ${encoded}\n`,
  }
  for (const [name, text] of Object.entries(files)) {
    const { folder, commit } = start(t)
    const first = commit({ [name]: text })
    const report = await scan([folder], { ...OPTIONS, rulesOff: ['posture/unowned'] })
    assert.equal(report.findings.length, 1, name)
    assert.doesNotMatch(report.findings[0]?.rule ?? '', /^secrets/)
    assert.equal(report.sightings.length, 1, name)
    assert.ok(report.sightings[0]?.evidence.some((line) => line.includes(`added by commit ${first}`)))
    commit({ [name]: undefined, x: '' })
    const gone = (await scan([folder], OPTIONS)).findings.filter(({ rule }) => rule === 'secrets/assigned-secret')
    assert.equal(gone.length, 1, `${name} is gone: its history tells it`)
  }
})

const IN_ARCHIVE = [{ name: 'conf/app.ini', content: `# one\n${OLD}` }]

test('a secret in an archive that was once committed is found, with its commits, in whatever form the archive is', async (t) => {
  const archives = {
    'a.zip': zipOf(IN_ARCHIVE),
    'b.tar': tarOf(IN_ARCHIVE),
    'c.tar.gz': gzipSync(tarOf(IN_ARCHIVE)),
    'd.ini.gz': gzipSync(OLD),
    'e.jar': zipOf([{ name: 'in.zip', content: zipOf(IN_ARCHIVE), method: 0 }]),
  }
  for (const [name, bytes] of Object.entries(archives)) {
    const { folder, commit } = start(t)
    const first = commit({ [name]: bytes })
    commit({ [name]: undefined, x: '' })
    const report = await scan([folder], OPTIONS)
    const found = report.findings.filter(({ rule }) => rule.startsWith('secrets/'))
    assert.equal(found.length, 1, name)
    assert.ok(found[0]?.where.path.startsWith(`${folder}/${name}@${first}!/`))
    assert.match(found[0]?.evidence[0] ?? '', new RegExp(`added by commit ${first} `))
    assert.deepEqual(report.problems, [])
    assert.ok(!JSON.stringify(report).includes('q7Rt2xLp9Wz4Kd8Vn3'))
  }
})

test('one secret in an archive and beside it, in many versions, is one; a comment in any allows it in all', async (t) => {
  const { folder, commit } = start(t)
  const first = commit({ 'a.ini': OLD })
  commit({ 'a.zip': zipOf(IN_ARCHIVE), 'a.ini': undefined })
  commit({ 'a.zip': zipOf([...IN_ARCHIVE, { name: 'more', content: 'x' }]) })
  commit({ 'a.zip': undefined, x: '' })
  const { findings } = await scan([folder], OPTIONS)
  const found = findings.filter(({ rule }) => rule.startsWith('secrets/'))
  assert.equal(found.length, 1)
  assert.match(found[0]?.evidence[0] ?? '', new RegExp(`added by commit ${first} .* last in .* of 2026-01-03`))
  const allowed = `${OLD.trim()} # reeve:allow -- a sample\n`
  commit({
    'a.zip': zipOf([
      { name: 'first', content: 'x' },
      { name: 'other.ini', content: allowed },
    ]),
  })
  commit({ 'a.zip': undefined })
  const again = await scan([folder], OPTIONS)
  assert.deepEqual(
    again.findings.filter(({ rule }) => rule.startsWith('secrets/')),
    [],
  )
})

test('I7: bombs in a history are stopped at their cap and named, and all of them together as well', async (t) => {
  const { folder, commit } = start(t)
  const zeros = Buffer.alloc(512 * 4_000)
  const many = (count: number) => Buffer.concat(Array.from({ length: count }, () => gzipSync(zeros)))
  commit({
    'a.gz': many(160),
    'b.zip': zipOf([{ name: 'zeros', content: zeros }], { times: 160 }),
    'c.zip': zipOf([{ name: 'zeros', content: 'x', saysBytes: 0xfffffff0 }]),
    'd.zip': zipOf([{ name: '../out.ini', content: OLD }]),
    'e.xz': Buffer.from('\xfd7zXZ\x00\x00', 'latin1'),
  })
  commit({ 'a.gz': undefined, 'b.zip': undefined, 'c.zip': undefined, 'd.zip': undefined, 'e.xz': undefined, x: '' })
  const { problems, findings } = await scan([folder], OPTIONS)
  const named = problems.map(({ path, reason }) => `${path.slice(folder.length + 1).replace(/@\w{12}/, '')} ${reason}`)
  assert.deepEqual(named.sort(), [
    ' binary',
    'a.gz!/a too-large',
    'b.zip binary',
    'b.zip too-large',
    'c.zip!/zeros too-large',
    'd.zip!/../out.ini bad-name',
  ])
  assert.deepEqual(
    findings.filter(({ rule }) => rule.startsWith('secrets/')),
    [],
  )

  const other = start(t)
  for (let at = 1; at < 5; at += 1)
    other.commit({ 'a.zip': zipOf([{ name: `${at}`, content: `${at}${'x'.repeat(40_000)}` }]) })
  const limits = { ...ARCHIVE_LIMITS, totalBytesMax: 100_000 }
  const settings = { salt: OPTIONS.salt, now: OPTIONS.now, sources: [], fileBytesMax: 1_000_000 }
  const repository = { name: 'r', top: other.folder, path: 'r' }
  const cut = await scanHistory(repository, settings, process.env.PATH ?? '', limits)
  assert.deepEqual(
    cut.problems.map(({ reason, detail }) => `${reason}: ${detail}`),
    [
      'too-large: more than 100000 bytes come out of it: the rest is not read',
      'too-many: history: 1 further archives are not looked into',
    ],
  )
})

test('a comment that allowed it in any version allows all of them, and the report says so', async (t) => {
  const { folder, commit } = start(t)
  commit({ 'a.ini': OLD })
  commit({ 'a.ini': `${OLD.trim()} # reeve:allow -- a sample\n` })
  commit({ 'a.ini': undefined })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.findings.filter(({ rule }) => rule.startsWith('secrets/')),
    [],
  )
  assert.deepEqual(
    report.allowed.map(({ by }) => by),
    ['reeve:allow'],
  )
})

test('nothing that a repository says is run, and nothing is fetched', async (t) => {
  const { folder, git, commit } = start(t)
  commit({ 'a.ini': OLD, '.gitattributes': '* diff=evil filter=evil\n' })
  const last = commit({ 'a.ini': undefined })
  const proof = join(folder, '..', `${folder.split('/').at(-1)}-ran`)
  t.after(() => rmSync(proof, { force: true }))
  const evil = join(folder, '.git', 'evil')
  writeFileSync(evil, `#!/bin/sh\ntouch ${proof}\n`)
  chmodSync(evil, 0o755)
  for (const name of ['post-checkout', 'post-index-change', 'reference-transaction'])
    writeFileSync(join(folder, '.git', 'hooks', name), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 })
  appendFileSync(
    join(folder, '.git', 'config'),
    `[core]\n fsmonitor = ${evil}\n pager = ${evil}\n sshCommand = ${evil}\n hooksPath = ${join(folder, '.git', 'hooks')}\n` +
      `[log]\n showSignature = true\n[gpg]\n program = ${evil}\n[diff]\n external = ${evil}\n` +
      `[diff "evil"]\n textconv = ${evil}\n command = ${evil}\n[filter "evil"]\n smudge = ${evil}\n` +
      `[extensions]\n partialClone = origin\n[remote "origin"]\n promisor = true\n url = ext::${evil}\n`,
  )
  // A promised object that is not here, and a commit with a signature.
  const blob = git('rev-parse', 'HEAD~1:a.ini')
  const commitText = `${git('cat-file', 'commit', last).replace('\n\n', '\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n')}\n`
  writeFileSync(join(folder, 'signed'), commitText)
  const signed = git('hash-object', '-t', 'commit', '-w', join(folder, 'signed'))
  writeFileSync(join(folder, '.git', 'refs', 'heads', 'main'), `${signed}\n`)
  rmSync(join(folder, '.git', 'objects', blob.slice(0, 2), blob.slice(2)), { force: true })
  const report = await scan([folder], OPTIONS)
  assert.ok(!existsSync(proof), 'something was run')
  assert.deepEqual(
    report.problems.map(({ reason, detail }) => `${reason}: ${detail}`),
    ['incomplete: history: 1 versions are too large, or not in the repository'],
  )
})

test('a folder without history, and one that is broken, are named', async (t) => {
  const { folder, commit } = start(t)
  commit({ 'a.ini': OLD })
  rmSync(join(folder, '.git', 'objects'), { recursive: true })
  const broken = await scan([folder], OPTIONS)
  assert.ok(broken.problems.some(({ reason, detail }) => reason === 'incomplete' && /history/.test(detail)))
  rmSync(join(folder, '.git'), { recursive: true })
  const without = await scan([folder], OPTIONS)
  assert.deepEqual(
    without.problems.map(({ detail }) => detail),
    ['no git history here'],
  )
})

test('loose files beside repositories leave a scan of their history complete', async (t) => {
  const { folder, commit } = start(t)
  commit({ 'a.ini': OLD })
  const above = mkdtempSync(join(tmpdir(), 'scan-history-'))
  t.after(() => rmSync(above, { recursive: true, force: true }))
  renameSync(folder, join(above, 'shop'))
  writeFileSync(join(above, 'notes.txt'), 'nothing\n')
  assert.deepEqual((await scan([above], OPTIONS)).problems, [])
})
