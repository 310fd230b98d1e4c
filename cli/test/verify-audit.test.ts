import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Running, startReeve } from './reeve-process.ts'

let running: Running
let vkey: string
before(async () => {
  running = await startReeve()
  vkey = (await running.here(['audit', 'key'])).out.trim()
})
after(() => running.stop())

const verify = (file: string, ...more: string[]) => running.here(['audit', 'verify', file, '--key', vkey, ...more])

const exported = async (name: string, ...more: string[]): Promise<string> => {
  const file = join(running.folder, name)
  const { code, err } = await running.here(['audit', 'export', '--out', file, ...more])
  assert.equal(code, 0, err)
  return file
}

test('an export that leaves out the first entries is said to, and not taken for the whole log', async () => {
  const whole = await verify(await exported('whole.ndjson'))
  assert.match(whole.out, /^verified: entries 0 to \d+, /)
  const part = await verify(await exported('part.ndjson', '--from', '3'))
  assert.match(part.out, /^verified: entries 3 to \d+ \(the 3 before are not in this file\), /)
})

test('a log cut off at an earlier checkpoint is found by the one that was kept, and without one that is said', async () => {
  const earlier = await exported('earlier.ndjson')
  await running.here(['identity', 'list'])
  const shown = await running.here(['audit', 'key', '--json'])
  const kept = join(running.folder, 'kept')
  writeFileSync(kept, JSON.parse(shown.out).note)
  const alone = await verify(earlier)
  assert.equal(alone.code, 0)
  assert.match(alone.err, /whether the log went on .* only a checkpoint that you kept can tell/)
  const compared = await verify(earlier, '--checkpoint', kept)
  assert.equal(compared.code, 8)
  assert.match(compared.out, /NOT verified: the log ends at \d+ and had \d+ entries/)
  const now = await verify(await exported('now.ndjson'), '--checkpoint', kept)
  assert.deepEqual([now.code, now.err], [0, ''])
})

test('an export under the key of another log is refused', async () => {
  const file = await exported('mine.ndjson')
  const forged = join(running.folder, 'forged.ndjson')
  writeFileSync(forged, readFileSync(file, 'utf8').replace(/"origin":"[^"]+"/, '"origin":"reeve/another"'))
  assert.equal((await verify(forged)).code, 8)
})
