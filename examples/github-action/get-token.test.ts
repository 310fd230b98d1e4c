import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { parseDocument } from 'yaml'

const FOLDER = import.meta.dirname
const PROOF = 'proof.of.github'

/** GitHub and Reeve in one, with what they were asked, and the action run against them. */
const start = async (
  t: TestContext,
  {
    status = 200,
    answer = { access_token: 'tok', expires_in: 300 } as object,
    proof = { value: PROOF } as object,
  } = {},
) => {
  const asked: { url: string; bearer: string; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    asked.push({ url: request.url ?? '', bearer: request.headers.authorization ?? '', body })
    const isGithub = request.url?.startsWith('/github') === true
    response.writeHead(isGithub ? 200 : status).end(JSON.stringify(isGithub ? proof : answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'reeve-action-'))
  t.after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const output = join(folder, 'output')
  writeFileSync(output, '')
  const run = async (environment: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [join(FOLDER, 'get-token.mjs')], {
      env: {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/github?api-version=2`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bear',
        GITHUB_OUTPUT: output,
        INPUT_SERVER: `${url}/`,
        INPUT_IDENTITY: 'orders-sync',
        INPUT_RESOURCE: 'https://orders.example/',
        ...environment,
      },
    })
    const [log, code] = await Promise.all([text(child.stdout), new Promise((resolve) => child.once('close', resolve))])
    return { log, code, output: readFileSync(output, 'utf8') }
  }
  return { asked, url, run }
}

test('a job gets a token by its own proof for this server alone, and neither is shown in its log', async (t) => {
  const { asked, url, run } = await start(t)
  const { log, code, output } = await run({ INPUT_SCOPE: 'orders.read' })
  assert.equal(code, 0, log)
  assert.equal(output, 'token=tok\nexpires-in=300\n')
  assert.equal(log, `::add-mask::${PROOF}\n::add-mask::tok\n`)
  const [github, reeve] = asked
  assert.deepEqual(
    [github?.url, github?.bearer],
    [`/github?api-version=2&audience=${encodeURIComponent(url)}`, 'bearer bear'],
  )
  assert.equal(reeve?.bearer, '')
  assert.deepEqual(Object.fromEntries(new URLSearchParams(reeve?.body)), {
    grant_type: 'client_credentials',
    client_id: 'orders-sync',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: PROOF,
    resource: 'https://orders.example/',
    scope: 'orders.read',
  })
})

test('a job that gets no token fails with the reason in one line of its log, and outputs nothing', async (t) => {
  const refused = await start(t, {
    status: 401,
    answer: { error: 'invalid_client', error_description: 'no\n::set-env::' },
  })
  for (const [environment, reason] of [
    [{}, /^::error::Reeve gave no token \(status 401\): no%0A::set-env::$/m],
    [{ INPUT_RESOURCE: '' }, /^::error::needs resource under `with`$/m],
    [{ ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }, /^::error::.*id-token: write/m],
  ] as const) {
    const { log, code, output } = await refused.run(environment)
    assert.equal(code, 1)
    assert.match(log, reason)
    assert.equal(output, '')
  }
  for (const proof of [{}, { value: '' }, { value: 'a\n::stop-commands::x' }]) {
    const without = await start(t, { proof })
    const { log, code } = await without.run()
    assert.deepEqual([code, log], [1, '::error::GitHub gave no token\n'])
    assert.equal(without.asked.length, 1)
  }
  const odd = await start(t, { answer: { access_token: 'tok\nother=1' } })
  assert.deepEqual((await odd.run()).output, '')
})

test('what the action declares is what its program reads', () => {
  const action = parseDocument(readFileSync(join(FOLDER, 'action.yml'), 'utf8')).toJS()
  const program = readFileSync(join(FOLDER, action.runs.main), 'utf8')
  const read = new Set([...program.matchAll(/input\('([\w-]+)'\)/g)].map(([, name]) => name))
  assert.deepEqual(Object.keys(action.inputs).sort(), [...read].sort())
  assert.ok(Object.keys(action.outputs).every((name) => program.includes(`${name}=`)))
})
