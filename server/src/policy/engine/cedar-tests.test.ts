import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { CedarValue } from '@reeve/cedar'
import { z } from 'zod'
import { type Answer, compileEngine, type Evaluator, policiesFromText } from './index.ts'

const FOLDER = resolve(import.meta.dirname, '../../../../../shared/data/cedar-tests')

const Uid = z.object({ type: z.string(), id: z.string() })
const Value: z.ZodType<cedar.CedarValueJson> = z.json()
const Fields = z.record(z.string(), Value)
const Case = z.object({
  policies: z.string(),
  entities: z.string(),
  schema: z.string(),
  shouldValidate: z.boolean(),
  requests: z.array(
    z.object({
      description: z.string(),
      principal: Uid,
      action: Uid,
      resource: Uid,
      context: Fields,
      decision: z.enum(['allow', 'deny']),
      reason: z.array(z.string()),
      errors: z.array(z.string()),
    }),
  ),
})
const Entities = z.array(z.object({ uid: Uid, attrs: Fields, parents: z.array(Uid) }))

for (const evaluator of ['compiled', 'official'] as const)
  test(`the official cases come out of the ${evaluator} evaluator as they are written: decision, reasons and errors`, async (t) => {
    if (!existsSync(FOLDER)) return t.skip('the folder of official cases is not beside this repository')
    const files = readdirSync(resolve(FOLDER, 'tests'), { recursive: true, encoding: 'utf8' })
    const names = files.filter((file) => file.endsWith('.json'))
    let requests = 0
    for (const name of names) requests += decideCase(name, evaluator)
    t.diagnostic(`${names.length} cases, ${requests} requests`)
    assert.ok(names.length >= 20)
  })

const decideCase = (name: string, evaluator: Evaluator): number => {
  const one = Case.parse(JSON.parse(read(`tests/${name}`)))
  const schema = read(one.schema)
  const policies = policiesFromText(read(one.policies), one.policies).map((policy, at) => ({
    ...policy,
    id: `policy${at}`,
  }))
  const compiled = compileEngine({ policies, schema, evaluator })
  assert.equal(compiled.ok, one.shouldValidate, name)
  assert.ok(compiled.ok)
  const types = schemaTypes(schema)
  const entities = Entities.parse(JSON.parse(read(one.entities))).map((entity) => ({
    ...entity,
    attrs: typedFields(entity.attrs, types.shapes.get(entity.uid.type)),
  }))
  for (const request of one.requests) {
    const { principal, action, resource } = request
    const context = typedFields(request.context, types.contexts.get(action.id))
    const answer: Answer = compiled.engine.decide({ principal, action, resource, context, entities })
    const errors = answer.errors.map((error) => error.policy)
    const { outcome: decision, policies: reason } = answer
    const expected = {
      decision: request.decision,
      reason: request.reason.toSorted(),
      errors: request.errors.toSorted(),
    }
    assert.deepEqual({ decision, reason, errors }, expected, `${name}: ${request.description}`)
  }
  return one.requests.length
}

const read = (path: string): string => readFileSync(resolve(FOLDER, path), 'utf8')

type Type = cedar.Type<string>

const schemaTypes = (schema: string): { shapes: Map<string, Type>; contexts: Map<string, Type> } => {
  const answer = cedar.schemaToJsonWithResolvedTypes(schema)
  assert.ok(answer.type === 'success')
  const shapes = new Map<string, Type>()
  const contexts = new Map<string, Type>()
  for (const { entityTypes, actions } of Object.values(answer.json)) {
    for (const [name, type] of Object.entries(entityTypes))
      if ('shape' in type && type.shape) shapes.set(name, type.shape)
    for (const [name, { appliesTo }] of Object.entries(actions))
      if (appliesTo?.context) contexts.set(name, appliesTo.context)
  }
  return { shapes, contexts }
}

// The cases leave types to the schema: a name may be written without saying that it is one, an address as a string.
const typedFields = (
  fields: Record<string, cedar.CedarValueJson>,
  shape: Type | undefined,
): Record<string, CedarValue> => {
  const attributes = shape && 'attributes' in shape ? shape.attributes : {}
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, typed(field, attributes[name])]))
}

const FUNCTIONS: Record<string, string> = { ipaddr: 'ip' }

const typed = (value: cedar.CedarValueJson, type: Type | undefined): CedarValue => {
  assert.ok(value !== null)
  if (typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'string') {
    if (type?.type !== 'Extension' || !('name' in type)) return value
    return { __extn: { fn: FUNCTIONS[type.name] ?? type.name, arg: value } }
  }
  if (Array.isArray(value))
    return value.map((item) => typed(item, type && 'element' in type ? type.element : undefined))
  const uid = Uid.safeParse(value)
  return type?.type === 'Entity' && uid.success ? { __entity: uid.data } : typedFields(Fields.parse(value), type)
}
