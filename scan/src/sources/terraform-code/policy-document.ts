import { type JsonObject, textOf, textsOf } from '../../json-value.ts'
import { parsed } from './functions.ts'

/** The policy that `data "aws_iam_policy_document"` makes of its blocks. */
export const policyDocument = (from: JsonObject): JsonObject => ({
  Version: '2012-10-17',
  Statement: [
    ...[
      ...textsOf(from.source_policy_documents),
      ...textsOf(from.override_policy_documents),
      textOf(from, 'source_json'),
    ]
      .map(parsed)
      .flatMap((document) => statementsOf(document)),
    ...listOf(from.statement).map(statementFrom),
  ],
})

const listOf = (value: unknown): JsonObject[] =>
  (Array.isArray(value) ? value : []).filter((one): one is JsonObject => typeof one === 'object' && one !== null)

const statementsOf = (document: unknown): JsonObject[] =>
  typeof document === 'object' && document !== null && 'Statement' in document ? listOf(document.Statement) : []

const statementFrom = (from: JsonObject): JsonObject => ({
  Sid: textOf(from, 'sid'),
  Effect: textOf(from, 'effect') || 'Allow',
  ...present('Action', from.actions),
  ...present('NotAction', from.not_actions),
  ...present('Resource', from.resources),
  ...present('NotResource', from.not_resources),
  ...principalsFrom('Principal', from.principals),
  ...principalsFrom('NotPrincipal', from.not_principals),
  Condition: conditionsFrom(from.condition),
})

const present = (name: string, value: unknown): JsonObject =>
  textsOf(value).length > 0 ? { [name]: textsOf(value) } : {}

const principalsFrom = (name: string, value: unknown): JsonObject => {
  const byType = new Map<string, string[]>()
  for (const one of listOf(value)) {
    const type = textOf(one, 'type')
    byType.set(type, [...(byType.get(type) ?? []), ...textsOf(one.identifiers)])
  }
  if (byType.size === 0) return {}
  return { [name]: byType.has('*') ? '*' : Object.fromEntries(byType) }
}

const conditionsFrom = (value: unknown): JsonObject => {
  const byTest = new Map<string, Record<string, readonly string[]>>()
  for (const one of listOf(value)) {
    const test = byTest.get(textOf(one, 'test')) ?? {}
    byTest.set(textOf(one, 'test'), { ...test, [textOf(one, 'variable')]: textsOf(one.values) })
  }
  return Object.fromEntries(byTest)
}
