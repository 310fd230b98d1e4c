import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mmdb } from '../../../test/mmdb.ts'
import { createLog } from '../../kit/log.ts'
import { openRegions } from './regions.ts'

const inFile = (t: TestContext, bytes: Buffer) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-regions-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'country.mmdb')
  writeFileSync(file, bytes)
  let ms = 0
  const clock = { now: () => new Date(ms), monotonicMs: () => ms }
  const open = () => openRegions(file, { clock, log: createLog('silent') })
  const advance = (by: number): void => {
    ms += by
  }
  return { file, open, advance }
}

const COUNTRIES = mmdb({
  '192.0.2.0/24': { country: { iso_code: 'DE', names: { de: 'Deutschland' } } },
  '198.51.100.0/24': { country_code: 'FR' },
  '203.0.113.0/25': { country: 'JP' },
  '203.0.113.128/25': { country: { iso_code: 'no code' } },
  '2001:db8::/32': { country: { iso_code: 'SE' } },
})

test('an address has the country that the file says, whichever of the three ways it is written in', async (t) => {
  const regions = inFile(t, COUNTRIES).open()
  const found = ['192.0.2.7', '::ffff:192.0.2.7', '198.51.100.1', '203.0.113.1', '2001:db8::1'].map(regions.of)
  assert.deepEqual(found, ['DE', 'DE', 'FR', 'JP', 'SE'])
})

test('an address that the file does not place, or not in a country, is of an unknown region, and so is no address', (t) => {
  const regions = inFile(t, COUNTRIES).open()
  for (const ip of ['203.0.113.200', '10.0.0.1', '127.0.0.1', '::1', 'DE', '', '192.0.2.7/24', '192.0.2'])
    assert.equal(regions.of(ip), 'unknown', ip)
})

test('another file is read while the server runs; one that is broken leaves the last good one', async (t) => {
  const { file, open, advance } = inFile(t, COUNTRIES)
  const regions = open()
  assert.equal(regions.of('192.0.2.7'), 'DE')
  writeFileSync(file, mmdb({ '192.0.2.0/24': { country: { iso_code: 'AT' } } }))
  assert.equal(regions.of('192.0.2.7'), 'DE')
  advance(10_000)
  regions.of('192.0.2.7')
  await regions.refresh()
  assert.equal(regions.of('192.0.2.7'), 'AT')
  for (const bytes of [Buffer.alloc(0), Buffer.from('not a database'), COUNTRIES.subarray(0, COUNTRIES.length - 60)]) {
    writeFileSync(file, bytes)
    await regions.refresh()
    assert.equal(regions.of('192.0.2.7'), 'AT')
  }
  rmSync(file)
  await regions.refresh()
  assert.equal(regions.of('192.0.2.7'), 'AT')
})

test('a file that is no MaxMind DB is refused when it is opened', (t) => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('country,DE'), COUNTRIES.subarray(0, 100)])
    assert.throws(inFile(t, bytes).open)
})
