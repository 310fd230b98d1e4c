import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { everyOperation } from '../../src/catalogue.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { onEveryServer, type RunningServer } from '../process.ts'
import { identityInput, postForm } from '../workload.ts'
import { NAMED_FIELDS, PLAIN_FIELDS, WITHOUT_TEXTS } from './named-fields.ts'
import { fittingText, sampleInput, textFields } from './sample-input.ts'
import { callOperation, eachOf } from './surface.ts'
import { ABSENT, finding, type Kind, makeTwoTeams, type Named, type Side } from './two-teams.ts'

// I10 of the trust bars; where it says tenant, read team. The cases are the server's own operations and their fields.

test('every operation and every text of its input is in the table of what inputs name', () => {
  const operations = everyOperation()
  const fields = new Set(operations.flatMap((operation) => textFields(operation)))
  assert.deepEqual([...fields].sort(), [...Object.keys(NAMED_FIELDS), ...PLAIN_FIELDS].sort())
  const without = operations.filter((operation) => textFields(operation).length === 0).map(({ name }) => name)
  assert.deepEqual(without.sort(), WITHOUT_TEXTS)
})

/** One input twice: naming what is another team's, and naming what does not exist. */
interface Case {
  readonly operation: Operation
  readonly field: string
  readonly theirs: unknown
  readonly absent: unknown
  readonly named: readonly string[]
}

const AT_ONCE = 8
// What a caller sees is decided in one place, which asks either engine alike.
const EVERY = { sqlite: rounds({ quick: 2, full: 1 }), postgres: rounds({ quick: 7, full: 1 }) }

onEveryServer(
  'I10: what is another team’s is answered as what does not exist, whatever is asked of it, by whichever role or identity',
  async ({ server, admin, place }, t) => {
    const { mine, theirs } = await makeTwoTeams(server, admin)
    const all = everyOperation().flatMap((operation) => casesOf(operation, mine, theirs))
    const cases = all.filter((_, at) => at % EVERY[place.engine] === 0)
    const { id, secret, api } = mine.workload
    const callers = {
      ...tokensOf(mine),
      identity: await identityToken(server, { id, secret }),
      verifier: await identityToken(server, api),
    }
    const statuses = new Map<string, number>()
    const differing: string[] = []
    for (const [who, token] of Object.entries(callers))
      await eachOf(
        who === 'verifier' ? cases.filter(isForVerifiers) : cases,
        AT_ONCE,
        async ({ operation, field, theirs: one, absent: other, named }) => {
          const ask = async (input: unknown) => {
            const { status, body } = await callOperation(server, operation, input, { token })
            return `${status} ${plain(body, named)}`
          }
          const [answer, expected] = [await ask(one), await ask(other)]
          const status = answer.slice(0, 3)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          if (answer !== expected) differing.push(`${who} ${operation.name} ${field}:\n  ${answer}\n  ${expected}`)
          // What is not an input at all asks nothing.
          const isAsked = !answer.includes('"invalid_input"') || isKnownInvalid(operation, field)
          if (status.startsWith('5') || !isAsked) differing.push(`${who} ${operation.name} ${field}: ${answer}`)
        },
      )
    assert.deepEqual(differing, [], differing.join('\n'))
    t.diagnostic(
      `I10: ${cases.length} cases × ${Object.keys(callers).length} callers: ${JSON.stringify(Object.fromEntries(statuses))}`,
    )
  },
)

// The lines of a directory are only read for who may apply one, and these take ids alone.
const isKnownInvalid = ({ name }: Operation, field: string): boolean =>
  OF_DIRECTORIES.has(name) || TAKES_IDS.has(`${name} ${field}`)

const OF_DIRECTORIES = new Set(['apply', 'plan', 'test'].map((verb) => `policy.access.${verb}`))

const TAKES_IDS = new Set(['observe.why.show id (identity)', 'observe.use.report reports[].identity (identity)'])

// What who serves a resource may ask beside what every identity may.
const isForVerifiers = ({ operation }: Case): boolean => FOR_VERIFIERS.has(operation.name)

const FOR_VERIFIERS = new Set(['observe.use.report', 'broker.webhook.take'])

const tokensOf = ({ people }: Side) =>
  Object.fromEntries(Object.entries(people).map(([role, { token }]) => [role, token]))

const identityToken = async (server: RunningServer, client: { readonly id: string; readonly secret: string }) => {
  const metadata: unknown = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()
  const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret }
  const { body } = await postForm(server, '/oauth/token', { ...form, resource: String(Object(metadata).issuer) })
  return String(body.access_token)
}

const casesOf = (operation: Operation, mine: Side, theirs: Side): readonly Case[] => {
  const inputWith = (field: string, value: string) => withValue(baseInput(operation, mine), field, value)
  const fields = textFields(operation).flatMap((field) =>
    (NAMED_FIELDS[field] ?? []).flatMap((kind) =>
      pairs(kind, theirs.named).map(([one, other]) => ({
        operation,
        field: `${field} (${kind})`,
        theirs: inputWith(field, one),
        absent: inputWith(field, other),
        named: [one, other],
      })),
    ),
  )
  return [...fields, ...(OTHER_CASES[operation.name]?.(theirs) ?? []).map((each) => ({ operation, ...each }))]
}

const pairs = (kind: Kind, theirs: Named): readonly (readonly [string, string])[] =>
  theirs[kind].map((one, at) => [one, ABSENT[kind][at] ?? ''] as const)

/** An input that names only what is one’s own. */
const baseInput = (operation: Operation, mine: Side): unknown => ({
  ...Object(
    sampleInput(
      operation,
      (field, schema) => {
        const [kind] = NAMED_FIELDS[field] ?? []
        return kind === undefined ? fittingText(schema) : (mine.named[kind][0] ?? '')
      },
      true,
    ),
  ),
  ...OWN_INPUTS[operation.name]?.(mine),
})

let made = 0

// Inputs whose schema does not tell all that must hold of them.
const OWN_INPUTS: Readonly<Record<string, (mine: Side) => Readonly<Record<string, unknown>>>> = {
  'inventory.identity.create': ({ workload }) => identityInput(`made-${made++}`, workload.team),
  'inventory.sighting.adopt': ({ workload }) => identityInput(`made-${made++}`, workload.team),
  'inventory.adoption.create': ({ workload }) => {
    const { name: _, kind: __, ...as } = identityInput('', workload.team)
    return { where: { source: 'none-of-it' }, as, dryRun: true }
  },
  'policy.grant.create': ({ workload, word }) => ({
    name: `made-${made++}`,
    resource: workload.audience,
    actions: [`${word}.read`],
    expiresAt: '20d',
  }),
  'policy.bundle.change': ({ workload, word }) => ({
    matrix: [{ resource: workload.audience, actions: [`${word}.read`] }],
  }),
  'observe.finding.import': ({ word }) => ({ scannedAt: new Date().toISOString(), findings: [finding(word)] }),
  'broker.webhook.take': ({ workload, named }) => ({
    resource: workload.audience,
    seen: [{ credential: named.credential[0], at: new Date().toISOString(), ip: null }],
  }),
  'observe.use.report': ({ workload, word }) => ({
    reports: [
      {
        at: new Date().toISOString(),
        token: 'a'.repeat(43),
        identity: workload.id,
        audience: workload.audience,
        action: `${word}.read`,
        outcome: 'allowed',
        code: null,
        ip: null,
      },
    ],
  }),
}

// What a text alone cannot name: the input of a request for approval, a resource by its kind, the number of an event.
const OTHER_CASES: Readonly<Record<string, (theirs: Side) => readonly Omit<Case, 'operation'>[]>> = {
  'lifecycle.approval.request': ({ named }) =>
    (['identity', 'team'] as const).flatMap((kind) =>
      pairs(kind, named).map(([one, other]) => {
        const operation = kind === 'team' ? 'inventory.owner.quarantine' : 'inventory.identity.quarantine'
        const input = (name: string) => ({
          operation,
          input: { [kind === 'team' ? 'owner' : 'identity']: name, reason: 'it is over' },
          reason: 'a test asks',
        })
        return { field: `input.${kind}`, theirs: input(one), absent: input(other), named: [one, other] }
      }),
    ),
  'policy.mode.change': ({ named }) => modesOf(named, { reason: 'a test asks' }),
  'policy.mode.promote': ({ named }) => modesOf(named, {}),
  'observe.event.show': () => [{ field: 'seq', theirs: { seq: 0 }, absent: { seq: 99_999_999 }, named: [] }],
}

const modesOf = (named: Named, more: object) =>
  pairs('resource', named).map(([one, other]) => {
    const input = (target: string) => ({ ...more, kind: 'resource', target })
    return { field: 'target (resource)', theirs: input(one), absent: input(other), named: [one, other] }
  })

/** The input with another value at the place of a field. */
const withValue = (input: unknown, field: string, value: string): unknown => {
  const [name = '', ...rest] = field.split('.')
  const members: Record<string, unknown> = { ...Object(input) }
  const key = name.replace('[]', '')
  const before = members[key]
  const inner = (one: unknown) => (rest.length === 0 ? value : withValue(one, rest.join('.'), value))
  members[key] = name.endsWith('[]') ? [inner(Array.isArray(before) ? before[0] : undefined)] : inner(before)
  return members
}

/** An answer without what differs from call to call, and without what the caller named. */
const plain = (body: string, named: readonly string[]): string => {
  let text = body
  for (const name of named) text = text.replaceAll(name, '…')
  return text
    .replaceAll(/\b(req|dec|evt|apr|grt|nhi)_[\w-]+/g, '$1')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
    .replaceAll(/made-\d+/g, 'made')
    .replaceAll(/"digest":"[^"]+"/g, '"digest"')
    .replaceAll(/"(seq|toSize|size)":\d+/g, '"$1"')
}
