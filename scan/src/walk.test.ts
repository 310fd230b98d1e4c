import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ScanReport } from './report.ts'
import { type ScanOptions, scan } from './scan.ts'

const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

const folderFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-walk-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const reasonsOf = (report: ScanReport, folder: string): Record<string, string> =>
  Object.fromEntries(report.problems.map(({ path, reason }) => [path.slice(folder.length + 1), reason]))

const SECRET_LINE = 'db_password = "q7Rt2xLp9Wz4Kd8Vn3"\n'

test('a link is never followed: not out, not inside, not in circles, and each is named with where it leads', async (t) => {
  const outside = folderFor(t)
  writeFileSync(join(outside, 'secret.txt'), SECRET_LINE)
  const folder = folderFor(t)
  mkdirSync(join(folder, 'deep'))
  writeFileSync(join(folder, 'real.txt'), SECRET_LINE)
  symlinkSync(outside, join(folder, 'out-folder'))
  symlinkSync(join(outside, 'secret.txt'), join(folder, 'out-file'))
  symlinkSync(join(folder, 'real.txt'), join(folder, 'deep', 'in-file'))
  symlinkSync('..', join(folder, 'deep', 'up'))
  symlinkSync('loop-b', join(folder, 'loop-a'))
  symlinkSync('loop-a', join(folder, 'loop-b'))
  symlinkSync('nowhere', join(folder, 'broken'))
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(reasonsOf(report, folder), {
    'out-folder': 'link-outside',
    'out-file': 'link-outside',
    'deep/in-file': 'link-inside',
    'deep/up': 'link-circular',
    'loop-a': 'link-circular',
    'loop-b': 'link-circular',
    broken: 'link-broken',
  })
  assert.deepEqual(
    report.sightings.map(({ where }) => where.path),
    [join(folder, 'real.txt')],
  )
})

test('a root that is a link is entered, for the user named it', async (t) => {
  const folder = folderFor(t)
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real', 'a.txt'), SECRET_LINE)
  symlinkSync('real', join(folder, 'root'))
  const report = await scan([join(folder, 'root')], OPTIONS)
  assert.equal(report.sightings.length, 1)
})

test('what is binary, huge, no file, or not there is named with the reason, and the rest is scanned', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'a.bin'), Buffer.from([1, 2, 0, 3]))
  writeFileSync(join(folder, 'b.txt'), 'x'.repeat(2000))
  execFileSync('mkfifo', [join(folder, 'c.pipe')])
  writeFileSync(join(folder, 'd.txt'), SECRET_LINE)
  const report = await scan([folder, join(folder, 'not-there')], { ...OPTIONS, fileBytesMax: 1000 })
  assert.deepEqual(reasonsOf(report, folder), {
    'a.bin': 'binary',
    'b.txt': 'too-large',
    'c.pipe': 'not-a-file',
    'not-there': 'vanished',
  })
  assert.equal(report.sightings.length, 1)
})

test('a file that is deleted, or becomes a link or a pipe, while the scan runs is named', async (t) => {
  const folder = folderFor(t)
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, `${name}.txt`), SECRET_LINE)
  const report = await scan([folder], {
    ...OPTIONS,
    onFile: (path) => {
      if (!path.endsWith('a.txt')) return
      rmSync(join(folder, 'b.txt'))
      rmSync(join(folder, 'c.txt'))
      symlinkSync(join(folder, 'a.txt'), join(folder, 'c.txt'))
      rmSync(join(folder, 'd.txt'))
      execFileSync('mkfifo', [join(folder, 'd.txt')])
    },
  })
  assert.deepEqual(reasonsOf(report, folder), {
    'b.txt': 'vanished',
    'c.txt': 'link-circular',
    'd.txt': 'not-a-file',
  })
})

test('what the scan may not read is named', async (t) => {
  const folder = folderFor(t)
  mkdirSync(join(folder, 'closed'))
  writeFileSync(join(folder, 'closed', 'in.txt'), SECRET_LINE)
  writeFileSync(join(folder, 'secret.txt'), SECRET_LINE)
  chmodSync(join(folder, 'secret.txt'), 0o000)
  chmodSync(join(folder, 'closed'), 0o000)
  // The superuser may read everything: be somebody else for as long as it takes.
  const isSuperuser = process.geteuid?.() === 0
  if (isSuperuser) {
    chmodSync(folder, 0o755)
    process.seteuid?.(65_534)
  }
  try {
    const report = await scan([folder], OPTIONS)
    assert.deepEqual(reasonsOf(report, folder), { closed: 'permission-denied', 'secret.txt': 'permission-denied' })
  } finally {
    if (isSuperuser) process.seteuid?.(0)
    chmodSync(join(folder, 'closed'), 0o755)
  }
})

test('a name that is no UTF-8 is named, and steers no terminal', async (t) => {
  const folder = folderFor(t)
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0x66])]), SECRET_LINE)
  writeFileSync(join(folder, 'red\u001b[31m.bin'), Buffer.from([0]))
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(report.problems.map(({ reason }) => reason).sort(), ['bad-name', 'binary'])
  assert.ok(report.problems.every(({ path }) => !path.includes('\u001b')))
})

test('ordinary ignored folders are listed once each as left out, and nothing in them is read', async (t) => {
  const folder = folderFor(t)
  for (const name of ['.git', 'node_modules', 'src']) {
    mkdirSync(join(folder, name, 'deep'), { recursive: true })
    writeFileSync(join(folder, name, 'deep', 'a.txt'), SECRET_LINE)
  }
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.skipped.map(({ path }) => path.slice(folder.length + 1)),
    ['.git', 'node_modules'],
  )
  assert.equal(report.counts.files, 1)
})

test('UTF-16 text is read like any other', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'le.txt'), Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SECRET_LINE, 'utf16le')]))
  writeFileSync(join(folder, 'utf8.txt'), SECRET_LINE)
  const report = await scan([folder], OPTIONS)
  assert.equal(report.sightings.length, 1, 'one credential')
  assert.equal(report.sightings[0]?.alsoAt.length, 1, 'in two places')
})

test('folders nested without end are left at a depth, and that is said', async (t) => {
  const folder = folderFor(t)
  mkdirSync(join(folder, ...Array.from({ length: 140 }, () => 'd')), { recursive: true })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.problems.map(({ reason }) => reason),
    ['too-deep'],
  )
})

test('a pipe where the settings of git should lie holds up no scan, and a link there is not followed', async (t) => {
  const folder = folderFor(t)
  const outside = folderFor(t)
  writeFileSync(join(outside, 'config'), '[remote "origin"]\n  url = git@host.example:someone/else.git\n')
  for (const name of ['piped', 'linked']) {
    mkdirSync(join(folder, name, '.git'), { recursive: true })
    writeFileSync(join(folder, name, 'a.txt'), SECRET_LINE)
  }
  execFileSync('mkfifo', [join(folder, 'piped', '.git', 'config')])
  symlinkSync(join(outside, 'config'), join(folder, 'linked', '.git', 'config'))
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    report.sightings
      .flatMap(({ where, alsoAt }) => [where, ...alsoAt])
      .map((at) => at.repository)
      .sort(),
    ['linked', 'piped'],
  )
})
