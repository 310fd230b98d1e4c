import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTokenSource, systemRandom } from '@reeve/sdk'
import { createBoundKeyFile } from '@reeve/sdk/bound-key'
import { ORDERS, onEveryBroker, setUpOrders, type TestBroker } from '../broker.ts'

const onMachine = (
  name: string,
  body: (test: TestBroker, machine: { readonly file: string; readonly secret: string }) => Promise<void>,
): void =>
  onEveryBroker(name, async (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-machine-'))
    try {
      setUpOrders(test)
      const { secret } = await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'bound-key' })
      await test.room.changes.catchUp()
      await body(test, { file: join(folder, 'key.json'), secret })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

type Lost = (request: () => Promise<Response>) => Promise<Response>

/** A program of the machine, which knows nothing but the file. */
const start = (test: TestBroker, { file, secret }: { file: string; secret?: string }, lost: Lost = (ask) => ask()) =>
  createTokenSource({
    issuer: test.url,
    clientId: 'nhi_sync',
    audience: ORDERS,
    auth: { boundKey: createBoundKeyFile(file), ...(secret === undefined ? {} : { join: async () => secret }) },
    fetch: (url, init) => lost(() => fetch(url, init)),
    feed: false,
    allowsPlainHttp: true,
    random: systemRandom,
    clock: { nowMs: () => test.room.clock.now().getTime(), monotonicMs: () => 0, after: () => () => {} },
  })

const generationOf = (file: string): number => JSON.parse(readFileSync(file, 'utf8')).generation

const noClone = (test: TestBroker) =>
  assert.deepEqual(
    test.findings.reported.filter(({ rule }) => rule.startsWith('bound-key')),
    [],
  )

onMachine('a machine joins by the SDK, and goes on from its file alone', async (test, machine) => {
  const first = start(test, machine)
  const token = await first.token()
  first.drop(token)
  await first.token()
  first.close()
  const second = start(test, { file: machine.file })
  await second.token()
  second.close()
  assert.equal(generationOf(machine.file), 3)
  await assert.rejects(start(test, { file: `${machine.file}.2` }).token(), /has not joined yet/)
  noClone(test)
})

onMachine(
  'a reply that is lost, also that of the join, is asked for again by whichever program comes next',
  async (test, machine) => {
    for (let generation = 1; generation <= 4; generation++) {
      for (let time = 0; time < 2; time++) {
        const loses = start(test, machine, async (ask) => {
          await (await ask()).arrayBuffer()
          throw new Error('the connection was reset')
        })
        await assert.rejects(loses.token(), /no answer/)
        loses.close()
        assert.equal(generationOf(machine.file), generation)
      }
      const hears = start(test, machine)
      await hears.token()
      hears.close()
    }
    noClone(test)
  },
)

onMachine('a request that never arrives, or is refused, is made again as the same use', async (test, machine) => {
  const first = start(test, machine)
  await first.token()
  first.close()
  const never = start(test, machine, () => Promise.reject(new Error('no route')))
  await assert.rejects(never.token(), /no answer/)
  test.subjects.put('nhi_sync', { state: 'quarantined' })
  test.room.clock.advance(1)
  const refused = createTokenSource({
    issuer: test.url,
    clientId: 'nhi_sync',
    audience: 'https://nothing.example',
    auth: { boundKey: createBoundKeyFile(machine.file) },
    feed: false,
    allowsPlainHttp: true,
    clock: { nowMs: () => test.room.clock.now().getTime(), monotonicMs: () => 0, after: () => () => {} },
  })
  await assert.rejects(refused.token(), /refused a token/)
  test.subjects.put('nhi_sync', { state: 'active' })
  await start(test, machine).token()
  assert.equal(generationOf(machine.file), 2)
  noClone(test)
})

onMachine('programs of one machine that ask at once take turns, and none is called a copy', async (test, machine) => {
  await start(test, machine).token()
  const sources = Array.from({ length: 6 }, () => start(test, machine))
  await Promise.all(sources.map((source) => source.token()))
  assert.equal(generationOf(machine.file), 7)
  noClone(test)
})

onMachine('a copy of the file is noticed', async (test, machine) => {
  await start(test, machine).token()
  const copied = readFileSync(machine.file)
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${machine.file}.copy`, copied)
  await start(test, { file: `${machine.file}.copy` }).token()
  await assert.rejects(start(test, machine).token(), (error: { issuerCode?: string }) => {
    assert.equal(error.issuerCode, 'bound_key_cloned')
    return true
  })
})

onMachine(
  'a copy of a state that waits for nothing repeats no use, and is a clone at its first one',
  async (test, machine) => {
    const own = start(test, machine)
    await own.token()
    own.close()
    // Whoever has the copy sends the use again that it names, as of a reply that was lost.
    const copy = JSON.parse(readFileSync(machine.file, 'utf8'))
    const thief = join(machine.file, '../copy.json')
    writeFileSync(thief, JSON.stringify({ ...copy, isPending: true }), { mode: 0o600 })
    await assert.rejects(start(test, { file: thief }).token(), /by another one/)
    assert.deepEqual(
      test.findings.reported.map(({ rule }) => rule).filter((rule) => rule.startsWith('bound-key')),
      ['bound-key-cloned'],
    )
  },
)
