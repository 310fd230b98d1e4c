import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../../test/rounds.ts'
import { everyOperation } from '../catalogue.ts'
import { builtinPolicies, parsedBuiltins } from './builtin-policies.ts'
import { controlSchema } from './control-schema.ts'
import type { Resource } from './domain/resource.ts'
import { checkPolicies } from './engine/check-policies.ts'

const EFFECTS = ['read', 'write', 'privileged', 'impersonate'] as const

const resource = fc.record({
  name: fc.stringMatching(/^[a-z]{1,12}$/),
  actions: fc.array(
    fc.record({ name: fc.stringMatching(/^[a-z]{1,8}\.[a-z ]{1,8}$/), effect: fc.constantFrom(...EFFECTS) }),
    { maxLength: 8 },
  ),
})

const toResource = ({ name, actions }: { name: string; actions: Resource['actions'] }): Resource => ({
  id: `res_${name}`,
  name,
  uri: `https://${name}.example/`,
  environment: 'test',
  sensitivity: 'internal',
  owner: null,
  servedBy: [],
  isCustomerFacing: false,
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  actions,
})

// The server does not check them again as it starts: this is where they are held to be well typed.
test('the built-in rules are well typed under the schema of this server, whatever resources are registered', () => {
  const operations = everyOperation()
  const parsed = builtinPolicies.flatMap((source) =>
    source.compiled === undefined ? [] : [{ source, est: source.compiled }],
  )
  assert.equal(parsed.length, builtinPolicies.length)
  const verdictOn = (resources: readonly Resource[]) => {
    const made = controlSchema(resources, operations)
    assert.ok(made.ok)
    return checkPolicies(parsed, made.schema)
  }
  assert.deepEqual(verdictOn([]), { problems: [], warnings: [] })
  fc.assert(
    fc.property(fc.array(resource, { maxLength: 6 }), (resources) => {
      assert.deepEqual(verdictOn(resources.map(toResource)), { problems: [], warnings: [] })
    }),
    { numRuns: rounds({ quick: 8, full: 30 }) },
  )
})

test('the parsed form that comes with the built-in rules is what the official engine makes of their text', () => {
  const { of, policies } = parsedBuiltins()
  assert.match(of, /^[\w-]{8}$/)
  assert.deepEqual(Object.fromEntries(builtinPolicies.map(({ id, compiled }) => [id, compiled])), policies)
})
