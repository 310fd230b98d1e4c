import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Running, startReeve } from './reeve-process.ts'

let running: Running
before(async () => {
  running = await startReeve()
})
after(() => running.stop())

test('an answer that hangs on what was not said names the flag to ask with, and the answer with it names none', async () => {
  const asked = ['can', 'orders-api', 'orders.read', 'orders-api']
  const grant = ['grant', 'create', 'orders-api', '--resource', 'orders-api', '--actions', 'orders.read']
  const given = await running.here([...grant, '--conditions.instances', 'one', '--expires-at', '1d'])
  assert.equal(given.code, 0, given.err)
  const open = await running.here(asked)
  assert.match(open.out, /^no: orders-api orders\.read orders-api$/m)
  assert.match(open.out, /^ {2}it may be allowed by what was not said \(instance\); ask with that: --instance NAME$/m)
  const said = await running.here([...asked, '--instance', 'one'])
  assert.match(said.out, /^yes: /)
  assert.doesNotMatch(said.out, /because *$/m, 'a reason is told or there is no line for one')
  assert.doesNotMatch(said.out, /ask with that/)
  const other = await running.here([...asked, '--instance', 'two', '--json'])
  assert.deepEqual([JSON.parse(other.out).isAllowed, JSON.parse(other.out).notGiven], [false, []])
})

test('an action that a resource has not is told as such, and is no finding that nobody may do it', async () => {
  const mistyped = await running.here(['who-can', 'orders.raed', 'orders-api'])
  assert.equal(mistyped.out, 'nobody may orders.raed on orders-api: the resource has no such action\n')
  const nobody = await running.here(['who-can', 'orders.write', 'orders-api'])
  assert.equal(nobody.out, 'nobody may orders.write on orders-api\n')
})

test('a grant is told by its name, and what a stop would break is printed by its dry run', async () => {
  const name = 'grant orders-reader'
  const can = await running.here(['can', 'orders-sync', 'orders.read', 'orders-api'])
  assert.match(can.out, new RegExp(`^ {2}policy {2}grt_\\S+ \\(${name}\\)$`, 'm'))
  assert.match(
    (await running.here(['can', 'orders-sync'])).out,
    new RegExp(`orders\\.read on orders-api \\(${name}\\)`),
  )
  const who = await running.here(['who-can', 'orders.read', 'orders-api'])
  assert.match(who.out, new RegExp(`^ {2}orders-sync \\(${name}\\)$`, 'm'))
  const dry = await running.here(['quarantine', 'identity', 'orders-sync', '--reason', 'a drill', '--dry-run'])
  assert.match(dry.out, /^this would break:\n(?:.*\n)* {2}access to orders-api: orders\.read$/m)
})

test('`why` prints every reason that the server gives, each on a line of its own', async () => {
  const searched = await running.here(['audit', 'search', '--limit', '1', '--json'])
  const [event] = JSON.parse(searched.out).items
  for (const id of [event.id, event.correlation.requestId]) {
    const { because } = JSON.parse((await running.here(['why', id, '--json'])).out)
    assert.ok(because.length > 0)
    const { out } = await running.here(['why', id])
    assert.deepEqual(
      out.split('\n').filter((line) => line.startsWith('  because ')),
      because.map((reason: string) => `  because ${reason}`),
    )
  }
})
