import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { z } from 'zod'
import { rounds } from '../../../test/rounds.ts'
import { onEveryServer } from '../process.ts'
import { type OpenSchema, randomInput, type Seen } from './random-input.ts'
import { eachOf } from './surface.ts'
import { makeWorld } from './world.ts'

// I11 of the trust bars: each request is made from the description alone, and may be about what was answered before.

const REQUESTS = rounds({ quick: 420, full: 20_000 })
const AT_ONCE = 8
const SEEN_MAX = 40

const Open = z.custom<OpenSchema>((value) => typeof value === 'object' && value !== null)
const Answered = z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() })
const Described = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema: Open })).optional(),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: Open }) }) }).optional(),
  responses: z.record(z.string(), Answered),
})
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

interface Way {
  readonly method: string
  readonly path: string
  readonly described: z.infer<typeof Described>
  readonly input: fc.Arbitrary<unknown>
}

onEveryServer(
  'I11: whatever is made from the API description is answered as it says, by no failure of the server’s and without a secret',
  async ({ server, admin, place }, t) => {
    const seed = Number(process.env.REEVE_TEST_SEED ?? randomInt(2 ** 31))
    const world = await makeWorld(server, admin)
    const document = Document.parse(await (await fetch(`${server.url}/openapi.json`)).json())
    const judge = judgeOf(document)
    const seen: Seen = new Map()
    const ways = waysOf(document, seen)
    const secrets = [world.clientSecret, admin.token]
    // Whoever asks must not be the one whom a random request ends.
    const own = new Set([admin.person])
    const counts = new Map<number, number>()
    const wrong: string[] = []
    const asked = Array.from({ length: REQUESTS }, (_, at) => at)
    let token = admin.token
    await eachOf(asked, AT_ONCE, async (at) => {
      const way = ways[at % ways.length]
      if (way === undefined || wrong.length > 0) return
      const [input] = fc.sample(way.input, { numRuns: 1, seed: seed + at })
      const { status, type, text } = await ask(server.url, way, input, token)
      counts.set(status, (counts.get(status) ?? 0) + 1)
      const told = `${way.described.operationId} ${JSON.stringify(input)} -> ${status} ${text.slice(0, 500)}`
      const fault = judge(way, status, type, text)
      if (fault !== undefined) wrong.push(`${fault}: ${told}`)
      if (secrets.some((secret) => text.includes(secret))) wrong.push(`a secret: ${told}`)
      remember(seen, text, own)
      // A random request may have ended the session: that is what it is for.
      if (status === 401) token = await admin.login(server)
    })
    t.diagnostic(
      `I11 [${place.engine}]: ${REQUESTS} requests over ${ways.length} operations, seed ${seed}: ` +
        [...counts]
          .sort()
          .map(([status, count]) => `${count} × ${status}`)
          .join(', '),
    )
    assert.deepEqual(wrong, [], `REEVE_TEST_SEED=${seed}`)
    assert.ok((counts.get(200) ?? 0) > REQUESTS / 25, 'enough of them are right')
    const output = server.output()
    assert.ok(!secrets.some((secret) => output.includes(secret)), 'no secret in the log')
  },
)

const waysOf = ({ paths }: z.infer<typeof Document>, seen: Seen): readonly Way[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const body = described.requestBody?.content['application/json'].schema
      return { method, path, described, input: body === undefined ? queryOf(described, seen) : randomInput(body, seen) }
    }),
  )

const queryOf = ({ parameters = [] }: z.infer<typeof Described>, seen: Seen): fc.Arbitrary<unknown> => {
  const asked = parameters.filter((parameter) => parameter.in === 'query')
  const fields = Object.fromEntries(asked.map(({ name, schema }) => [name, randomInput(schema, seen, name)]))
  return fc.record(fields, { requiredKeys: asked.flatMap(({ name, required }) => (required ? [name] : [])) })
}

const ask = async (base: string, { method, path }: Way, input: unknown, token: string) => {
  const url = new URL(base + path)
  if (method === 'get')
    for (const [name, value] of Object.entries(Object(input)))
      for (const part of [value].flat())
        url.searchParams.append(name, typeof part === 'string' ? part : JSON.stringify(part))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(
    url,
    method === 'get' ? { headers } : { method: 'POST', headers, body: JSON.stringify(input) },
  )
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() }
}

/** Says what of an answer is not as it is described. */
const judgeOf = ({ components }: z.infer<typeof Document>) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  const compiled = new Map<string, ValidateFunction>()
  const checkOf = (name: string, schema: unknown): ValidateFunction => {
    const known = compiled.get(name) ?? ajv.compile({ ...Object(schema), components })
    compiled.set(name, known)
    return known
  }
  return ({ described }: Way, status: number, type: string, text: string): string | undefined => {
    if (status >= 500) return 'a failure of the server'
    const [media, about] = Object.entries(described.responses[String(status)]?.content ?? {})[0] ?? []
    if (media === undefined || about === undefined) return 'a status that is not described'
    if (type.split(';')[0] !== media) return `the media type ${type}`
    const check = checkOf(`${status === 200 ? described.operationId : 'problem'}`, about.schema)
    return check(JSON.parse(text)) ? undefined : ajv.errorsText(check.errors)
  }
}

const remember = (seen: Seen, text: string, own: ReadonlySet<string>): void => {
  const walk = (value: unknown, name: string): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, name)
    else if (typeof value === 'object' && value !== null)
      for (const [field, inner] of Object.entries(value)) walk(inner, field)
    else if (typeof value === 'string' && value.length < 200 && !own.has(value)) note(name, value)
  }
  const note = (name: string, value: string): void => {
    // An id is asked for by the name of what it is of: `nhi_…` as `identity`.
    const names = [name, ...(NAMED_BY.get(value.split('_', 1)[0] ?? '') ?? [])]
    for (const each of name === 'name' ? [...names, 'identity', 'resource', 'owner', 'team'] : names) {
      const all = seen.get(each) ?? []
      if (all.includes(value)) continue
      seen.set(each, [...all.slice(-SEEN_MAX), value])
    }
  }
  walk(JSON.parse(text), '')
}

const NAMED_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['nhi', ['identity', 'id', 'parent', 'target']],
  ['team', ['team', 'owner']],
  ['res', ['resource']],
  ['grt', ['grant', 'id']],
  ['crd', ['credential', 'id']],
  ['apr', ['approval']],
  ['evt', ['event', 'id']],
  ['fnd', ['finding']],
  ['pln', ['plan']],
  ['bnd', ['bundle']],
])
