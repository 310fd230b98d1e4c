import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeReeve } from './reeve-process.ts'

const { reeve, folder, remove } = makeReeve()
const clean = join(folder, 'clean')
before(() => {
  mkdirSync(clean)
  writeFileSync(join(clean, 'readme.txt'), 'nothing here\n')
  writeFileSync(join(clean, 'picture.bin'), Buffer.from([0, 1, 2]))
})
after(remove)

test('a path that is not there fails the scan, however it is written and whatever else was read', async () => {
  for (const missing of ['nowhere', 'nowhere/', 'nowhere//', './nowhere/']) {
    const alone = await reeve(['scan', missing, '--fail-on', 'high'])
    assert.equal(alone.code, 1, missing)
    assert.match(alone.err, /nowhere: not there/, missing)
    assert.equal(alone.out, '', 'a report of nothing reads as a clean one')
    const among = await reeve(['scan', clean, missing, '--fail-on', 'high'])
    assert.equal(among.code, 8, missing)
    assert.match(among.err, /nowhere: not there/, missing)
  }
})

test('of a path that is not there no report is handed on, and no baseline is written over', async () => {
  const baseline = join(folder, 'kept.json')
  writeFileSync(baseline, 'kept')
  const { code, out } = await reeve(['scan', 'nowhere', '--write-baseline', baseline, '--json'])
  assert.deepEqual([code, out, readFileSync(baseline, 'utf8')], [1, '', 'kept'])
})

test('a folder that may not be read fails the scan', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may read everything')
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0 })
  t.after(() => chmodSync(closed, 0o700))
  assert.equal((await reeve(['scan', clean, closed])).code, 8)
})

test('a binary among what was named is told of in the report and fails nothing', async () => {
  const { code, out } = await reeve(['scan', join(clean, 'readme.txt'), join(clean, 'picture.bin')])
  assert.equal(code, 0)
  assert.match(out, /picture\.bin {2}binary/)
})

test('a baseline leaves out what was there before, tells what is new, and is never taken for more than it is', async () => {
  const tree = join(folder, 'tree')
  const baseline = join(folder, 'baseline.json')
  mkdirSync(tree)
  writeFileSync(join(tree, 'a.ini'), 'db_password = "q7Rt2xLp9Wz4Kd8Vn3"\n')
  const failing = ['--fail-on', 'low', '--json']
  assert.equal((await reeve(['scan', tree, '--write-baseline', baseline, ...failing])).code, 8)
  assert.ok(!readFileSync(baseline, 'utf8').includes('q7Rt2xLp9Wz4Kd8Vn3'))
  const same = await reeve(['scan', tree, '--baseline', baseline, ...failing])
  assert.equal(same.code, 0, same.err)
  assert.deepEqual([...new Set(JSON.parse(same.out).allowed.map(({ by }: { by: string }) => by))], ['baseline'])
  writeFileSync(join(tree, 'b.ini'), 'db_password = "m3Kx8Zq5Wn7Rt2Lp9V"\n')
  const more = await reeve(['scan', tree, '--baseline', baseline, ...failing])
  assert.equal(more.code, 8)
  assert.ok(
    JSON.parse(more.out).findings.every(({ where }: { where: { path: string } }) => where.path.endsWith('b.ini')),
  )
  const elsewhere = { environment: { REEVE_CONFIG: join(folder, 'other-config') } }
  const other = await reeve(['scan', tree, '--baseline', baseline], elsewhere)
  assert.equal(other.code, 1)
  assert.match(other.err, /another salt/)
  writeFileSync(baseline, '{}')
  assert.match((await reeve(['scan', tree, '--baseline', baseline])).err, /is no baseline of format 1/)
})
