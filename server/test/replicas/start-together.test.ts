import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { type Foundation, openFoundation } from '../../src/foundation.ts'
import { createLog } from '../../src/kit/log.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { testClock } from '../clock.ts'
import { makePlace, type Place, spawnServer } from '../process.ts'
import { withSql } from '../sql.ts'

const ROUNDS = rounds({ quick: 4, full: 20 })

test(`new replicas that share a data folder, started together ${ROUNDS} times, find one key and are never sealed`, async (t) => {
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here, and replicas need one')
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      await openTogether(place)
      await empty(place)
    }
  } finally {
    await place.remove()
  }
})

/** A folder and a database that hold no key, as new ones; the tables stay, for they take most of the time. */
const empty = async (place: Place): Promise<void> => {
  rmSync(join(place.folder, 'data'), { recursive: true })
  await withSql(place, (sql) => sql.run('delete from kit_data_key; delete from ledger_key'))
}

/** Three replicas read their settings before there is a key; two open at once, and one when the key has been made. */
const openTogether = async (place: Place): Promise<void> => {
  const [first, second, late] = Array.from({ length: 3 }, () => readConfig(place.environment))
  assert.ok(first && second && late)
  const opened = await Promise.all([open(first), open(second)])
  opened.push(await open(late))
  const at = { table: 't', row: 'r', column: 'c' }
  const sealed = opened[0]?.sealer.seal(Buffer.from('a secret'), at) ?? ''
  for (const { sealer } of opened) assert.equal(sealer.open(sealed, at).toString(), 'a secret')
  assert.deepEqual(keyFiles(place), ['kek'])
  for (const each of opened) await each.close()
}

const open = async (config: Config): Promise<Foundation> => {
  const log = createLog('silent')
  const opened = await openFoundation(config, { clock: testClock(), random, log, pid: process.pid, tell: assert.fail })
  if ('isSealed' in opened) assert.fail(`sealed: ${opened.why}`)
  return opened
}

const random = systemRandom()

const keyFiles = (place: Place): readonly string[] =>
  readdirSync(join(place.folder, 'data')).filter((name) => name.startsWith('kek'))

test('two new servers that share a data folder and start together are both ready, with the same keys', async (t) => {
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here, and replicas need one')
  try {
    const servers = [spawnServer(place), spawnServer(place)]
    const urls = await Promise.all(servers.map((server) => server.listening()))
    const read = (path: string) => Promise.all(urls.map(async (url) => (await fetch(url + path)).json()))
    const health: { status: string }[] = await read('/healthz')
    assert.deepEqual(
      health.map(({ status }) => status),
      ['ok', 'ok'],
    )
    const [keys, otherKeys] = await read('/.well-known/jwks.json')
    assert.deepEqual(keys, otherKeys)
    assert.deepEqual(keyFiles(place), ['kek'])
    await Promise.all(servers.map((server) => server.stop()))
  } finally {
    await place.remove()
  }
})

test('a key file that cannot be made ends the start with what to do', async (t) => {
  if (process.platform !== 'linux') return t.skip('a folder that nobody may write to, not even root, is only here')
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here')
  try {
    const server = spawnServer(place, { REEVE_DATA: '/proc/self' })
    assert.equal((await server.refused()).code, 1)
    assert.match(
      server.stderr(),
      /^reeve: the key file \/proc\/self\/kek cannot be made \(\w+\); make 32 random bytes/m,
    )
  } finally {
    await place.remove()
  }
})
