import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { tarOf, zipOf } from '../../test/make-archive.ts'
import type { ScanReport } from '../report.ts'
import { type ScanOptions, scan } from '../scan.ts'
import { secretsSource } from '../sources/secrets/source.ts'
import { ARCHIVE_LIMITS, scanArchive } from './scan-archive.ts'

const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }
const SECRET = 'db_password = "q7Rt2xLp9Wz4Kd8Vn3"\n'

const folderWith = (t: TestContext, files: Readonly<Record<string, Buffer>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-archive-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  return folder
}

const seenIn = (report: ScanReport, folder: string): string[] =>
  report.findings.map(({ where }) => `${where.path.slice(folder.length + 1)}:${where.line}`).sort()

const namedIn = (report: Pick<ScanReport, 'problems'>, folder: string): Record<string, string> =>
  Object.fromEntries(report.problems.map(({ path, reason }) => [path.slice(folder.length + 1), reason]))

const inFile = [{ name: 'conf/app.ini', content: `# one\n${SECRET}` }]

test('a secret in a ZIP, a JAR, a wheel, a tar, a packed tar and a packed file is found, at the place where it lies', async (t) => {
  const folder = folderWith(t, {
    'a.zip': zipOf(inFile),
    'b.jar': zipOf([{ name: 'conf/app.ini', content: `# one\n${SECRET}`, method: 0 }]),
    'c.whl': zipOf(inFile, { before: '#!/bin/sh\n' }).subarray(10),
    'd.tar': tarOf(inFile),
    'e.tar.gz': gzipSync(tarOf(inFile)),
    'f.ini.gz': gzipSync(`# one\n${SECRET}`),
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(seenIn(report, folder), [
    'a.zip!/conf/app.ini:2',
    'b.jar!/conf/app.ini:2',
    'c.whl!/conf/app.ini:2',
    'd.tar!/conf/app.ini:2',
    'e.tar.gz!/conf/app.ini:2',
    'f.ini.gz!/f.ini:2',
  ])
  assert.deepEqual(report.problems, [])
  assert.equal(report.sightings.length, 1, 'one secret, wherever it lies')
})

// Written by another program, which was told that every archive is too large for the old form.
const LARGE =
  'UEsDBC0AAAAAAAAAIVyTNjKE//////////8MABQAY29uZi9hcHAuaW5pAQAQACkAAAAAAAAAKQAAAAAAAAAjIG9uZQpkYl9wYXNzd29yZCA9ICJxN1J0MnhMcDlX' +
  'ejRLZDhWbjMiClBLAQItAy0AAAAAAAAAIVyTNjKE//////////8MABQAAAAAAAAAAACAAQAAAABjb25mL2FwcC5pbmkBABAAKQAAAAAAAAApAAAAAAAAAFBLBgYs' +
  'AAAAAAAAAC0ALQAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAAABOAAAAAAAAAGcAAAAAAAAAUEsGBwAAAAC1AAAAAAAAAAEAAABQSwUGAAAAAAEAAQBOAAAAZwAAAAAA'

test('an archive in the form of ZIP64 is read, whoever wrote it and whatever its old end says', async (t) => {
  const folder = folderWith(t, {
    'a.zip': Buffer.from(LARGE, 'base64'),
    'b.zip': zipOf(inFile, { isLarge: true }),
    'c.zip': zipOf(inFile, { isLarge: true, endSays: false }),
    'd.zip': zipOf([{ name: '' }, ...inFile], { isLarge: true }),
    'e.zip': Buffer.concat([Buffer.from('PK\x03\x04'), zipOf(inFile, { isLarge: true })]),
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(
    seenIn(report, folder),
    ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.zip!/conf/app.ini:2`),
  )
  assert.deepEqual(namedIn(report, folder), { 'd.zip!/': 'bad-name' })
})

test('a ZIP64 archive that lies about its sizes and places is named, and no more is read than it may', async (t) => {
  const good = zipOf(inFile, { isLarge: true })
  const changed = (mark: string, at: number, value: bigint): Buffer => {
    const bytes = Buffer.from(good)
    bytes.writeBigUInt64LE(value, bytes.indexOf(mark, 0, 'latin1') + at)
    return bytes
  }
  const most = 0xffffffffffffffffn
  const record = good.indexOf('PK\x01\x02', 0, 'latin1')
  const folder = folderWith(t, {
    'bytes.zip': zipOf([{ name: 'a', content: SECRET, saysBytes: 1e15 }], { isLarge: true }),
    'directory.zip': changed('PK\x06\x06', 40, most),
    'locator.zip': changed('PK\x06\x07', 0, 0x706050bn),
    'place.zip': changed('PK\x01\x02', good.indexOf('conf', record) - record + 12 + 20, most),
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(report.sightings, [])
  assert.deepEqual(namedIn(report, folder), {
    'bytes.zip!/a': 'too-large',
    'directory.zip': 'incomplete',
    'locator.zip': 'incomplete',
    'place.zip!/conf/app.ini': 'incomplete',
  })
})

test('a directory that breaks off in its midst is named', async (t) => {
  const bytes = zipOf([{ name: 'first.ini', content: SECRET }, ...inFile])
  bytes[bytes.lastIndexOf(Buffer.from('PK\x01\x02'))] = 0
  const folder = folderWith(t, { 'a.zip': bytes })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(seenIn(report, folder), ['a.zip!/first.ini:1'])
  assert.deepEqual(namedIn(report, folder), { 'a.zip': 'incomplete' })
})

test('long names of both kinds of tar are whole, and the next file has its own again', async (t) => {
  const long = `${'deep/'.repeat(40)}app.ini`
  const pax = `path=${long}\n`
  const sized = `${String(pax.length + 4)} ${pax}`
  const files = [
    { name: 'x', type: 'x', content: sized },
    { name: 'cut', content: SECRET },
    { name: 'y', type: 'L', content: `${long}\0` },
    { name: 'cut', content: SECRET },
    { name: 'own.ini', content: SECRET },
  ]
  const folder = folderWith(t, { 'a.tar': tarOf(files) })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(seenIn(report, folder), [`a.tar!/${long}:1`, `a.tar!/${long}:1`, 'a.tar!/own.ini:1'])
})

test('an archive in an archive is opened, one in that is named', async (t) => {
  const once = zipOf([{ name: 'lib/in.tar.gz', content: gzipSync(tarOf(inFile)) }])
  const folder = folderWith(t, { 'a.zip': once, 'b.zip': zipOf([{ name: 'once.zip', content: once }]) })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(seenIn(report, folder), ['a.zip!/lib/in.tar.gz!/conf/app.ini:2'])
  assert.deepEqual(namedIn(report, folder), { 'b.zip!/once.zip!/lib/in.tar.gz': 'too-deep' })
})

test('a name that leads out, a link, a device, what is encrypted or packed otherwise is named, and not read', async (t) => {
  const names = ['../out.ini', '/etc/out.ini', 'a/../../out.ini', 'C:\\out.ini', '..\\out.ini']
  const folder = folderWith(t, {
    'a.zip': zipOf([
      ...names.map((name) => ({ name, content: SECRET })),
      { name: 'link', content: SECRET, mode: 0o120777 },
      { name: 'closed.ini', content: SECRET, flags: 1 },
      { name: 'odd.ini', content: SECRET, method: 12 },
    ]),
    'b.tar': tarOf([
      { name: '../out.ini', content: SECRET },
      ...['1', '2', '3', '6'].map((type) => ({ name: `type-${type}`, content: SECRET, type })),
    ]),
    'c.xz': Buffer.from('\xfd7zXZ\x00\x00', 'latin1'),
  })
  const report = await scan([folder], OPTIONS)
  assert.deepEqual(report.sightings, [])
  assert.deepEqual(namedIn(report, folder), {
    'a.zip!/../out.ini': 'bad-name',
    'a.zip!//etc/out.ini': 'bad-name',
    'a.zip!/a/../../out.ini': 'bad-name',
    'a.zip!/C:/out.ini': 'bad-name',
    'a.zip!/link': 'not-a-file',
    'a.zip!/closed.ini': 'incomplete',
    'a.zip!/odd.ini': 'incomplete',
    'b.tar!/../out.ini': 'bad-name',
    'b.tar!/type-1': 'not-a-file',
    'b.tar!/type-2': 'not-a-file',
    'b.tar!/type-3': 'not-a-file',
    'b.tar!/type-6': 'not-a-file',
    'c.xz': 'binary',
  })
})

test('I7: a bomb of a thousand to one is stopped at its cap, in less than 20 MB, and named', async (t) => {
  const zeros = Buffer.alloc(512 * 4_000)
  const again = (bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: 160 }, () => bytes))
  const folder = folderWith(t, {
    // Of 300 MB each: in one file, in many of a tar, in many that lie at one place of a ZIP. Then two that lie about their size.
    'a.gz': again(gzipSync(zeros)),
    'b.tar.gz': again(gzipSync(tarOf([{ name: 'zeros', content: zeros }]).subarray(0, -1024))),
    'c.zip': zipOf([{ name: 'zeros', content: zeros }], { times: 160 }),
    'd.zip': zipOf([{ name: 'zeros', content: zeros, saysBytes: 100 }]),
    'e.zip': zipOf([{ name: 'zeros', content: 'x', saysBytes: 0xfffffff0 }]),
  })
  const small = folderWith(t, { 'a.zip': zipOf(inFile), 'b.gz': gzipSync(SECRET) })
  // A process of its own, whose peak is that of the scan; one before, so that what the program itself takes is there.
  const program = `
    import { scan } from ${JSON.stringify(join(import.meta.dirname, '../scan.ts'))}
    const options = { salt: 'a salt for these tests only', now: new Date() }
    await scan([${JSON.stringify(small)}], options)
    const before = process.resourceUsage().maxRSS
    const { problems } = await scan([${JSON.stringify(folder)}], options)
    console.log(JSON.stringify({ grownMb: (process.resourceUsage().maxRSS - before) / 1024, problems }))`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  const { grownMb, problems }: { grownMb: number; problems: ScanReport['problems'] } = JSON.parse(told)
  assert.ok(grownMb < 20, `${grownMb} MB`)
  t.diagnostic(`${grownMb.toFixed(1)} MB`)
  const named = problems.map(({ path, reason }) => `${path.slice(folder.length + 1)} ${reason}`)
  assert.deepEqual(named, [
    'a.gz!/a too-large',
    'b.tar.gz too-large',
    'b.tar.gz binary',
    'c.zip too-large',
    'c.zip binary',
    'd.zip!/zeros incomplete',
    'e.zip!/zeros too-large',
  ])
})

test('too many files, and too many things wrong with them, end an archive, and that is said', async (t) => {
  const folder = folderWith(t, { 'a.zip': zipOf([{ name: '../x' }], { times: 500 }) })
  const all = await scan([folder], OPTIONS)
  assert.equal(all.problems.length, 101)
  assert.equal(all.problems.at(-1)?.reason, 'too-many')
  const few = await scanArchive(fileAt(join(folder, 'a.zip')), SETTINGS, { ...ARCHIVE_LIMITS, entriesMax: 7 })
  assert.equal(few.problems.length, 8)
  assert.match(few.problems.at(-1)?.detail ?? '', /more than 7 files/)
})

test('an archive larger than a file may be is looked into; its files that are no text are counted, not listed', async (t) => {
  const noise = Buffer.alloc(40_000, '\0\x01\x02')
  const files = [
    ...inFile,
    { name: 'a.class', content: noise, method: 0 },
    { name: 'b.class', content: noise, method: 0 },
  ]
  const folder = folderWith(t, { 'a.jar': zipOf(files) })
  const report = await scan([folder], { ...OPTIONS, fileBytesMax: 20_000 })
  assert.deepEqual(seenIn(report, folder), ['a.jar!/conf/app.ini:2'])
  assert.deepEqual(
    report.problems.map(({ detail }) => detail),
    ['2 files in it that are no text'],
  )
})

test('an archive that is cut off or changed anywhere fails nothing, and what was left out of it is named', async (t) => {
  const good = [zipOf(inFile), zipOf(inFile, { isLarge: true }), gzipSync(tarOf(inFile)), tarOf(inFile)]
  const folder = folderWith(t, { x: Buffer.alloc(0) })
  const path = join(folder, 'x')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...good),
      fc.nat(),
      fc.nat(255),
      fc.boolean(),
      async (archive, at, byte, isCut) => {
        const bytes = Buffer.from(archive)
        bytes[at % bytes.length] = byte
        writeFileSync(path, isCut ? bytes.subarray(0, at % bytes.length) : bytes)
        const { sightings, problems } = await scanArchive(fileAt(path), SETTINGS)
        assert.ok(sightings.length <= 1 && problems.length <= 3)
      },
    ),
    { numRuns: 300 },
  )
  for (const archive of good) {
    writeFileSync(path, archive.subarray(0, (archive.length >> 1) - 10))
    const { problems } = await scanArchive(fileAt(path), SETTINGS)
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['incomplete'],
    )
  }
})

const SETTINGS = { salt: OPTIONS.salt, now: OPTIONS.now, sources: [secretsSource], fileBytesMax: 1_000_000 }
const fileAt = (path: string) => ({ path, real: path, repository: 'r', repositoryPath: 'x' })
