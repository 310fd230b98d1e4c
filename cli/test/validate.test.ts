import assert from 'node:assert/strict'
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT, type Running, startReeve } from './reeve-process.ts'

let running: Running
before(async () => {
  running = await startReeve()
})
after(() => running.stop())

const copyOf = (name: string): string => {
  const access = join(running.folder, name)
  cpSync(join(ROOT, 'examples/access'), access, { recursive: true })
  return access
}

test('the example is valid and has no lint; validating applies nothing of what a folder adds', async () => {
  const ran = await running.here(['validate', 'examples/access', '--fail-on', 'low'])
  assert.deepEqual([ran.code, ran.out], [0, '0 problems, 0 lints\n'], ran.err)
  const access = copyOf('added')
  const bundle = 'name: added\npurpose: none\nmatrix: [{ resource: orders-api, actions: [orders.read] }]\n'
  writeFileSync(join(access, 'bundles/added.yaml'), bundle)
  assert.equal((await running.here(['validate', access])).code, 0)
  const listed = await running.here(['bundle', 'list', '--json'])
  assert.doesNotMatch(listed.out, /"added"/)
  assert.match(listed.out, /"orders-reader"/)
})

test('a folder is told of all that is wrong with it in one go, with file and line, and exits 8', async () => {
  const access = copyOf('wrong')
  writeFileSync(join(access, 'teams/broken.yaml'), 'name: a\nname: b\n')
  writeFileSync(join(access, 'grants/other.yaml'), 'identity: nobody\nbundle: orders-reader\nexpiresAt: 30d\n')
  appendFileSync(join(access, 'resources/orders-api.yaml'), 'colour: red\n')
  appendFileSync(
    join(access, 'policies/orders.cedar'),
    '\npermit (principal, action == Reeve::Action::"orders.burn", resource);\n',
  )
  const ran = await running.here(['validate', access])
  assert.equal(ran.code, 8, ran.err)
  for (const line of [
    /^teams\/broken\.yaml:2: /m,
    /^grants\/other\.yaml:1: there is no identity nobody$/m,
    /^resources\/orders-api\.yaml:2: colour: there is no such field$/m,
    /^policies\/orders\.cedar:10: .*orders\.burn/m,
  ])
    assert.match(ran.out, line)
})

test('a lint is told with file, line and fix by validate and by plan, and fails as it was asked to', async () => {
  const access = copyOf('broad')
  writeFileSync(
    join(access, 'policies/broad.cedar'),
    '// everybody\npermit (principal, action == Reeve::Action::"orders.read", resource);\n',
  )
  const told = /policies\/broad\.cedar:2: high over-broad: .*\n\s+fix: name the principal/
  const ran = await running.here(['validate', access])
  assert.equal(ran.code, 8, ran.err)
  assert.match(ran.out, told)
  assert.equal((await running.here(['validate', access, '--fail-on', 'never'])).code, 0)
  const planned = await running.here(['plan', access])
  assert.equal(planned.code, 0, planned.err)
  assert.match(planned.out, told)
})

test('grants, bundles and what no test covers are told with file and line too, where the folder can be applied', async () => {
  const access = copyOf('granted')
  writeFileSync(
    join(access, 'bundles/all.yaml'),
    'name: all\npurpose: p\nmatrix: [{ resource: orders-api, actions: ["*"] }]\n',
  )
  // Under more conditions than the grant that is there already.
  const terms = 'actions: [orders.read]\nconditions: { environments: [production], riskMax: 50 }\nexpiresAt: 10d\n'
  const again = `identity: orders-sync\nname: again\nresource: orders-api\n${terms}`
  writeFileSync(join(access, 'grants/again.yaml'), `# twice\n${again}`)
  const ran = await running.here(['validate', access])
  assert.equal(ran.code, 8, ran.err)
  assert.match(ran.out, /^bundles\/all\.yaml:1: high wildcard: bundle all: it gives every action of orders-api$/m)
  assert.match(
    ran.out,
    /^grants\/again\.yaml:2: low shadowed: grant orders-sync again: grant orders-reader gives whatever it gives$/m,
  )
  rmSync(join(access, 'bundles/all.yaml'))
  rmSync(join(access, 'tests/orders.yaml'))
  const untested = await running.here(['validate', access])
  assert.equal(untested.code, 0, untested.err)
  assert.match(untested.out, /^policies\/orders\.cedar:\d+: low untested: orders-export-needs-a-ticket: /m)
  assert.match(untested.out, /^resources\/orders-api\.yaml:2: low untested: orders\.read on orders-api: /m)
  assert.equal((await running.here(['validate', access, '--fail-on', 'low'])).code, 8)
})
