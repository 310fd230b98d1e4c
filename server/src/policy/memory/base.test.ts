import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everyOperation } from '../../catalogue.ts'
import type { Application } from '../domain/application.ts'
import type { Resource } from '../domain/resource.ts'
import { ActionName } from '../shapes.ts'
import { createBaseBuilder, type Stored } from './base.ts'

const ASKED: Stored = { texts: [], resources: [], bundles: [], modes: [], applications: [] }

const application: Application = {
  id: 'app_1',
  name: 'Records',
  environment: 'test',
  askedBy: [],
  subjects: [],
  resources: [
    { type: 'no name', sensitivity: 'internal', attributes: {}, stated: {}, isOpen: true, entities: [], actions: [] },
  ],
  directory: null,
}

// What is in store was asked for once, and had its schema judged then; the built-in rules judge people either way.
test('nothing that is asked for makes a schema that is not proper, though the built-in rules are not checked again', () => {
  const { build } = createBaseBuilder(everyOperation())
  assert.equal(build(ASKED, 'asked').ok, true)
  const improper = { ...ASKED, applications: [application] }
  assert.equal(build(improper, 'store').ok, true)
  const built = build(improper, 'asked')
  assert.equal(built.ok, false)
  assert.equal(built.ok ? undefined : built.problems[0]?.policy, '')
  assert.equal(build(improper, 'asked').ok, false, 'remembered as judged')
})

const EFFECTS = ['read', 'write', 'privileged', 'impersonate'] as const
const resource = (at: number, actions: Resource['actions']): Resource => ({
  ...{ id: `res_${at}`, name: `resource-${at}`, uri: `https://r${at}.example/`, environment: 'production' },
  ...{
    sensitivity: 'internal',
    isCustomerFacing: false,
    algorithm: 'ES256',
    statusList: false,
    isAuthorizationServer: false,
    detailTypes: [],
    tagClaims: [],
    awsSessionTags: [],
    servedBy: [],
    owner: null,
    actions,
  },
})
const NAMES = ['constructor', 'toString', 'valueOf', 'Action', 'Reeve::Action', 'access', 'a::b', 'if', 'A'.repeat(100)]
const action = fc.record({
  name: fc.oneof(
    fc.constantFrom(...NAMES),
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9._:/-]{0,99}$/).filter((name) => ActionName.safeParse(name).success),
  ),
  effect: fc.constantFrom(...EFFECTS),
})

// What a resource brings into the schema is its actions, by name and in a group that is always there: a schema that was
// proper without it is proper with it, unless its names collide, which is said before. So registering one judges none.
test('no resource that may be registered makes a schema that is not proper', () => {
  const { build } = createBaseBuilder(everyOperation())
  fc.assert(
    fc.property(fc.array(fc.array(action, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 }), (lists) => {
      const resources = lists.map((actions, at) => resource(at, actions))
      const built = build({ ...ASKED, resources }, 'asked')
      const problems = built.ok ? [] : built.problems.filter(({ message }) => !/may not be named so/.test(message))
      assert.deepEqual(problems, [])
    }),
    { numRuns: 60 },
  )
})
