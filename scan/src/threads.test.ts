import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { countingThreads } from '../test/counting-threads.ts'
import { renderJson } from './render/json.ts'
import { scan } from './scan.ts'
import { sources } from './sources/registry.ts'
import { startThreads, type Threads } from './threads.ts'

const OPTIONS = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

test('a scan by several threads reports what one thread does, in the same order; allow comments and owners too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-threads-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'CODEOWNERS'), 'part-1/ @team-one\n')
  for (let part = 0; part < 4; part += 1) {
    mkdirSync(join(folder, `part-${part}`))
    for (let at = 0; at < 40; at += 1)
      writeFileSync(
        join(folder, `part-${part}`, `${at}.ini`),
        `db_password = "q7Rt2xLp9Wz4Kd8V${part}${at}"${at % 3 === 0 ? ' # reeve:allow' : ''}\n`,
      )
    writeFileSync(join(folder, `part-${part}`, 'image.bin'), Buffer.from([0]))
  }
  const threads = startThreads(2)
  t.after(() => threads.close())
  const counting = countingThreads(threads)
  const alone = await scan([folder], { ...OPTIONS, threads: startThreads(1) })
  assert.ok(alone.findings.length > 100 && alone.allowed.length > 40 && alone.problems.length === 4)
  const folders = alone.sightings.map(({ where }) => where.path.slice(folder.length + 1).split('/')[0] ?? '')
  assert.deepEqual(folders, folders.toSorted(), 'in the order of the walk')
  while (counting.handedOver() === 0) {
    assert.equal(renderJson(await scan([folder], { ...OPTIONS, threads: counting.threads })), renderJson(alone))
  }
})

test('a thread that cannot go on fails the scan, which else would pass for a clean one', async () => {
  const threads = startThreads(2)
  const settings = { ...OPTIONS, sources, fileBytesMax: 1_000 }
  const wrong = { path: 'a', real: '/dev/null', repository: 'a', repositoryPath: 'a' }
  let answer: ReturnType<Threads['read']>
  while (answer === undefined) {
    await new Promise(setImmediate)
    answer = threads.read(Array(100_000).fill(wrong), settings)
  }
  await threads.close()
  await assert.rejects(answer, /ended before its work was done/)
})
