import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import { directorySchemas } from './directory-schemas.ts'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDER = join(ROOT, 'docs/reference/schema')
const ajv = new Ajv2020({ strict: false, allErrors: true })
const checks = new Map(
  Array.from(directorySchemas(), ([file, text]) => [join(FOLDER, file), ajv.compile(JSON.parse(text))] as const),
)
const checkOf = (file: string) => {
  const check = checks.get(join(FOLDER, file))
  assert.ok(check !== undefined, file)
  return check
}

test('every YAML file of the example names its schema for the editor, and is valid by it', () => {
  const files = globSync('examples/access/**/*.yaml', { cwd: ROOT })
  assert.ok(files.length >= 6)
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? []
    const check = checks.get(resolve(ROOT, dirname(file), path))
    assert.ok(check !== undefined, `${file} names ${path}`)
    const documents = parseAllDocuments(text)
    assert.ok(Array.isArray(documents))
    for (const document of documents) assert.ok(check(document.toJS()), `${file}: ${ajv.errorsText(check.errors)}`)
  }
})

for (const [file, value] of [
  ['reeve.schema.gen.json', { version: 2, name: 'a' }],
  ['team.schema.gen.json', { name: 'a' }],
  ['identity.schema.gen.json', { name: 'a', kind: 'robot' }],
  ['resource.schema.gen.json', [{ name: 'orders', colour: 'red' }]],
  ['bundle.schema.gen.json', { name: 'reader', purpose: 'x', matrix: [] }],
  ['grant.schema.gen.json', { identity: 'a', bundle: 'b', expiresAt: 'soon' }],
] as const)
  test(`${file} refuses what apply would refuse`, () => {
    assert.equal(checkOf(file)(value), false)
  })

test('a file may hold one object or a list of them', () => {
  const grant = { identity: 'a', bundle: 'b', expiresAt: '30d' }
  for (const value of [grant, [grant, grant]]) assert.equal(checkOf('grant.schema.gen.json')(value), true)
})
