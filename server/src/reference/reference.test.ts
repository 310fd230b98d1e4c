import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { OPEN_API_3_1 } from '../../test/reference/openapi-3-1.ts'
import { everyFault, everyOperation } from '../catalogue.ts'
import { openApi, wireSchema } from '../edge/http/openapi.ts'
import { statusOf } from '../edge/http/problem.ts'
import { VERSION } from '../version.ts'
import { operationsSource, operationTypesSource } from './client-source.ts'
import { commandOperations, commandOutputs } from './command-operations.ts'
import { errorIndex, errorPage, operationsPage } from './pages.ts'
import { typeText } from './type-text.ts'

const operations = everyOperation()
const document = openApi(operations, everyFault, VERSION)

test('what is generated is committed as it is generated now', () => {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, '../generate.ts'), '--check'], {
    encoding: 'utf8',
  })
  assert.equal(run.status, 0, run.stderr)
})

test('the API description is OpenAPI 3.1 by its structure', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  const check = ajv.compile(OPEN_API_3_1)
  assert.ok(check(JSON.parse(JSON.stringify(document))), ajv.errorsText(check.errors))
})

test('every schema in it is JSON Schema 2020-12, and every reference leads somewhere', () => {
  const ajv = new Ajv2020({ strict: false, validateSchema: true, allErrors: true })
  formats.default(ajv)
  for (const operation of operations)
    for (const io of ['input', 'output'] as const)
      assert.ok(ajv.validateSchema(wireSchema(operation[io], io)), `${operation.name} ${io}: ${ajv.errorsText()}`)
  const text = JSON.stringify(document)
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
    assert.ok(name in document.components.schemas, name)
  assert.doesNotMatch(text, /"\$ref":"#\/(?!components)/)
})

test('every summary reads as a command does: a verb in its plain form, in lower case, with no full stop', () => {
  const wrong = operations.filter(
    ({ summary }) => !/^[a-z]/.test(summary) || /^[a-z]+s,? /.test(summary) || /\.$/.test(summary),
  )
  assert.deepEqual(
    wrong.map(({ summary }) => summary),
    [],
  )
})

test('every operation is in it once, under its name, with an answer and every status that it may fail with', () => {
  const described = Object.entries(document.paths)
  assert.equal(described.length, operations.length)
  for (const operation of operations) {
    const method = operation.effect === 'read' ? 'get' : 'post'
    const found = document.paths[`/v1/${operation.name}`]?.[method]
    assert.equal(found?.operationId, operation.name)
    const statuses = Object.keys(found?.responses ?? {})
    for (const code of operation.faults) {
      const spec = everyFault[code]
      assert.ok(spec !== undefined, `${operation.name} names ${code}, which is in no table`)
      assert.ok(statuses.includes(String(statusOf(code, spec.kind))), `${operation.name} ${code}`)
    }
  }
})

test('every code that the description names is in the table of faults', () => {
  const named = Object.values(document.paths).flatMap((path) =>
    Object.values(path).flatMap(({ responses }) =>
      Object.entries(responses)
        .filter(([status]) => status !== '200')
        .flatMap(([, { description }]) => description.split(', ')),
    ),
  )
  assert.deepEqual(
    [...new Set(named)].filter((code) => !(code in everyFault)),
    [],
  )
})

test('every code has a page that says what happened, what to do, and the status that is really sent', () => {
  for (const [code, spec] of Object.entries(everyFault)) {
    const page = errorPage(code, spec, operations)
    assert.match(page, new RegExp(`^# ${code}$`, 'm'))
    assert.match(page, /\*\*What to do:\*\* [A-Z`]/)
    assert.ok(page.includes(`HTTP status ${statusOf(code, spec.kind)} `), code)
  }
  assert.ok(errorIndex(everyFault).includes('| [`too_large`](errors/too_large.md) | 413 |'))
})

test('the links of the reference lead to headings that are there', () => {
  const headings = new Set(
    [...operationsPage(operations).matchAll(/^## (.+)$/gm)].map(([, name = '']) =>
      name.replaceAll('.', '').toLowerCase(),
    ),
  )
  for (const [code, spec] of Object.entries(everyFault))
    for (const [, anchor = ''] of errorPage(code, spec, operations).matchAll(/operations\.md#([\w-]+)/g))
      assert.ok(headings.has(anchor), `${code}: ${anchor}`)
})

test('the SDK and the CLI get every operation, and the CLI only what people may call', () => {
  const effects = operationsSource(operations)
  const types = operationTypesSource(operations)
  const ofCommands = [commandOperations(operations), commandOutputs(operations)]
  for (const { name, effect, principals } of operations) {
    assert.ok(effects.includes(`'${name}': '${effect}'`))
    assert.ok(types.includes(`'${name}': { input:`))
    const isForPeople = principals.includes('human')
    for (const text of ofCommands) assert.equal(text.includes(`"name":"${name}"`), isForPeople, name)
  }
})

for (const [schema, type] of [
  [{ type: 'string' }, 'string'],
  [{ type: ['string', 'null'] }, 'string | null'],
  [{ const: 'a' }, '"a"'],
  [{ enum: ['a', 1] }, '"a" | 1'],
  [{ anyOf: [{ type: 'integer' }, { type: 'number' }, { type: 'null' }] }, 'number | null'],
  [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, 'readonly (string | null)[]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }] }, 'readonly [string]'],
  [{ type: 'object', properties: { 'a-b': { type: 'boolean' } } }, '{ "a-b"?: boolean }'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
  [{ type: 'object', properties: {}, additionalProperties: false }, 'Record<string, never>'],
  [{}, 'unknown'],
  [true, 'unknown'],
] as const)
  test(`the type of ${JSON.stringify(schema)} is ${type}`, () => {
    assert.equal(typeText(schema), type)
  })
