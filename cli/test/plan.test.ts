import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT, type Running, startReeve } from './reeve-process.ts'

let running: Running
let access = ''
before(async () => {
  running = await startReeve()
  access = join(running.folder, 'access')
  cpSync(join(ROOT, 'examples/access'), access, { recursive: true })
})
after(() => running.stop())

const edit = (file: string, from: string, to: string): void => {
  const path = join(access, file)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.includes(from), `${file} holds ${from}`)
  writeFileSync(path, text.replace(from, to))
}

test('a plan without changes exits 0 also with --exit-code, and says so of every object', async () => {
  const ran = await running.here(['plan', access, '--exit-code'])
  assert.equal(ran.code, 0, ran.err)
  assert.match(ran.out, /objects: \d+ unchanged/)
})

test('what Reeve itself rotates and stops is system-owned: it changes no plan, and no folder undoes it', async () => {
  for (const line of [
    ['credential', 'add', 'orders-sync', '--new-key', join(running.folder, 'key.jwk')],
    ['key', 'rotate', '--algorithm', 'ES256', '--is-urgent', '--reason', 'a drill'],
    ['quarantine', 'identity', 'orders-api', '--reason', 'a drill', '--yes'],
  ]) {
    const done = await running.here(line)
    assert.equal(done.code, 0, `${line.join(' ')}: ${done.err}`)
  }
  const ran = await running.here(['plan', access, '--exit-code'])
  assert.equal(ran.code, 0, ran.err)
  assert.match(
    ran.out,
    /^system-owned: .*\n {2}credentials, state, tier of 2 identities\n {2}keys that sign its tokens of 1 resource$/m,
  )
  assert.equal((await running.here(['apply', access])).code, 0)
  const shown = await running.here(['identity', 'show', 'orders-api', '--json'])
  assert.match(shown.out, /"state": ?"quarantined"/)
})

test('what was changed outside of the folder is shown by a plan of the folder as it was applied', async () => {
  const changed = await running.here(['bundle', 'change', 'orders-reader', '--purpose', 'by hand'])
  assert.equal(changed.code, 0, changed.err)
  const ran = await running.here(['plan', access])
  assert.match(
    ran.out,
    /~ bundle orders-reader \(purpose\), changed outside of the directory \(bundles\/orders-reader\.yaml:2\)/,
  )
})

test('a plan that is kept is applied as it is, or refused with exit 6 and what changed meanwhile', async () => {
  edit('bundles/orders-reader.yaml', 'actions: [orders.read]', 'actions: [orders.read, orders.export]')
  edit('tests/orders.yaml', 'expect: deny', 'expect: allow')
  const file = join(running.folder, 'access.plan')
  const ran = await running.here(['plan', access, '--exit-code', '--out', file, '--json'])
  assert.equal(ran.code, 2, ran.err)
  const plan = JSON.parse(ran.out)
  assert.deepEqual(plan, JSON.parse(readFileSync(file, 'utf8')))
  assert.deepEqual(
    plan.access.changes.map(
      ({ how, identity, action }: { how: string; identity: { name: string }; action: string }) => [
        how,
        identity.name,
        action,
      ],
    ),
    [['gains', 'orders-sync', 'orders.export']],
  )
  const markdown = await running.here(['plan', access, '--markdown'])
  assert.match(
    markdown.out,
    /^## Access plan of commerce\n[\s\S]*```\n\+ orders-sync on orders-api under conditions: orders\.export \(grants\/orders-sync\.yaml:2\)/,
  )
  await running.here([
    'grant',
    'create',
    'orders-sync',
    '--resource',
    'orders-api',
    '--actions',
    'orders.export',
    '--expires-at',
    '1d',
  ])
  const stale = await running.here(['apply', file])
  assert.equal(stale.code, 6, stale.err)
  assert.match(stale.err, /grant grt_\S+ orders-api of nhi_\S+ appeared/)
  rmSync(file)
  assert.equal((await running.here(['plan', access, '--out', file])).code, 0)
  const done = await running.here(['apply', file])
  assert.equal(done.code, 0, done.err)
  assert.match(done.out, /~ bundle orders-reader/)
  assert.match((await running.here(['plan', access])).out, /objects: \d+ unchanged/)
})

test('a mistake in the folder is told by file and line, by plan as by apply', async () => {
  edit('grants/orders-sync.yaml', 'bundle: orders-reader', 'bundle: none')
  const ran = await running.here(['plan', access])
  assert.notEqual(ran.code, 0)
  assert.match(ran.err, /grants\/orders-sync\.yaml:2/)
})
