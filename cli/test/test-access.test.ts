import assert from 'node:assert/strict'
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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

const BUNDLE = 'bundles/orders-reader.yaml'
const PLACE =
  /tests\/orders\.yaml:9: test "an export needs a ticket": expected deny, and it is allowed by grant orders-reader/

const edit = (file: string, from: string, to: string): void => {
  const path = join(access, file)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.includes(from), `${file} holds ${from}`)
  writeFileSync(path, text.replace(from, to))
}

test('the tests of a folder pass as a table and as JSON, and what they leave untested is warned of', async () => {
  edit('tests/orders.yaml', 'action: orders.write', 'action: orders.read\n  tags: { team: other }')
  edit('tests/orders.yaml', 'name: the sync writes nothing', 'name: a tag changes nothing')
  edit(
    'tests/orders.yaml',
    'tags: { team: other }\n  resource: orders-api\n  expect: deny',
    'tags: { team: other }\n  resource: orders-api\n  expect: allow',
  )
  const ran = await running.here(['test', access])
  assert.equal(ran.code, 0, ran.err)
  assert.match(ran.out, /^pass +the sync reads orders, by its bundle +tests\/orders\.yaml:3$/m)
  assert.match(ran.out, /6 passed, 0 failed; 2 of 2 policies and grants, 2 of 3 actions tested/)
  assert.match(ran.err, /untested: no test asks for orders\.write on orders-api \(resources\/orders-api\.yaml:2\)/)
  const json = JSON.parse((await running.here(['test', access, '--json'])).out)
  assert.deepEqual([json.formatVersion, json.tests.length, json.coverage.actions.tested], [1, 6, 2])
})

test('less coverage than was asked for exits 1 and says how much there is', async () => {
  assert.equal((await running.here(['test', access, '--coverage-min', '66'])).code, 0)
  const ran = await running.here(['test', access, '--coverage-min', '67'])
  assert.equal(ran.code, 1)
  assert.match(ran.err, /100% of the policies and grants and 66% of the actions, and not 67%/)
})

test('a policy that decides in no test is warned of with file and line', async () => {
  edit(
    'policies/orders.cedar',
    '// An export',
    '@id("nobody-asked") permit (principal, action == Reeve::Action::"orders.read", resource) when { principal.name == "nobody" };\n// An export',
  )
  const ran = await running.here(['test', access])
  assert.match(ran.err, /warning: untested: nobody-asked decides in no test \(policies\/orders\.cedar:1\)/)
})

test('a failing test exits 1 with file and line; plan says so first, and apply refuses it by file and line', async () => {
  edit(BUNDLE, 'actions: [orders.read]', 'actions: [orders.read, orders.export]')
  const ran = await running.here(['test', access])
  assert.equal(ran.code, 1, ran.out)
  assert.match(ran.err, PLACE)
  const plan = await running.here(['plan', access])
  assert.match(plan.out, /^look at these first\n {2}! tests\/orders\.yaml:9: test "an export needs a ticket"/)
  assert.match(plan.out, /tests: 5 passed, 1 failed/)
  const applied = await running.here(['apply', access])
  assert.equal(applied.code, 1, applied.out)
  assert.match(applied.err, /apply_tests/)
  assert.match(applied.err, /tests\/orders\.yaml:9: an export needs a ticket: expected deny/)
  const shown = await running.here(['bundle', 'show', 'orders-reader', '--json'])
  assert.deepEqual(JSON.parse(shown.out).matrix[0].actions, ['orders.read'], 'nothing was applied')
})

test('where tests/ was renamed, plan says so before all else, and apply refuses until it is told', async () => {
  edit(BUNDLE, 'actions: [orders.read, orders.export]', 'actions: [orders.read]')
  assert.equal((await running.here(['apply', access])).code, 0)
  renameSync(join(access, 'tests'), join(access, 'tests-old'))
  const plan = await running.here(['plan', access, '--exit-code'])
  assert.equal(plan.code, 2, plan.err)
  assert.match(
    plan.out,
    /^look at these first\n {2}! no test is left of the 6 that \S+ had when it was last applied: was tests\/ renamed or removed\?\n/,
  )
  const refused = await running.here(['apply', access])
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /apply_untested/)
  assert.match(refused.err, /--without-tests/)
  const told = await running.here(['apply', access, '--without-tests'])
  assert.equal(told.code, 0, told.err)
  assert.equal((await running.here(['plan', access, '--exit-code'])).code, 0)
})
