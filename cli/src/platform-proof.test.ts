import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fakeSurroundings } from '../test/fake-surroundings.ts'
import { platformProof } from './platform-proof.ts'

const AUDIENCE = 'https://reeve.example'

const around = (t: TestContext, environment: Readonly<Record<string, string>> = {}) => {
  const { around, folder, remove } = fakeSurroundings({ environment })
  t.after(remove)
  return { around, folder }
}

const startGithub = async (t: TestContext, status: number, body: string, location?: string) => {
  const asked: { url: string; bearer: string }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', bearer: request.headers.authorization ?? '' })
    response.writeHead(status, location === undefined ? {} : { location }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return {
    asked,
    environment: { ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?v=2`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bear' },
  }
}

test('a proof from a file is what the file holds now, as the kubelet replaces it', async (t) => {
  const { around: here, folder } = around(t)
  const file = join(folder, 'token')
  const proof = platformProof(here, `file:${file}`, AUDIENCE)
  await assert.rejects(proof(), /ENOENT/)
  writeFileSync(file, 'one\n')
  assert.equal(await proof(), 'one')
  writeFileSync(file, 'two')
  assert.equal(await proof(), 'two')
  writeFileSync(file, '\n')
  await assert.rejects(proof(), /is empty/)
})

test('a proof from a variable is what it holds, and one that is not set is told by its name', async (t) => {
  const { around: here } = around(t, { PROOF: ' jwt ' })
  assert.equal(await platformProof(here, 'env:PROOF', AUDIENCE)(), 'jwt')
  await assert.rejects(platformProof(here, 'env:OTHER', AUDIENCE)(), /the variable OTHER is not set/)
})

test('a job of GitHub asks its runner for a token with this server as the audience, each time anew', async (t) => {
  const { asked, environment } = await startGithub(t, 200, JSON.stringify({ value: 'jwt' }))
  const proof = platformProof(around(t, environment).around, 'github', AUDIENCE)
  assert.equal(await proof(), 'jwt')
  assert.equal(await proof(), 'jwt')
  const url = `/token?v=2&audience=${encodeURIComponent(AUDIENCE)}`
  assert.deepEqual(asked, [
    { url, bearer: 'bearer bear' },
    { url, bearer: 'bearer bear' },
  ])
})

test('a job without the right to a token is told which line it needs, and an answer without one is no proof', async (t) => {
  await assert.rejects(platformProof(around(t).around, 'github', AUDIENCE)(), /id-token: write/)
  for (const [status, body] of [
    [403, JSON.stringify({ value: 'jwt' })],
    [200, '{}'],
    [200, '<html>'],
  ] as const) {
    const { environment } = await startGithub(t, status, body)
    await assert.rejects(platformProof(around(t, environment).around, 'github', AUDIENCE)(), /gave no token \(status/)
  }
})

test('the right to a token is not carried on by a redirect', async (t) => {
  const other = await startGithub(t, 200, JSON.stringify({ value: 'jwt' }))
  const { environment } = await startGithub(t, 307, '', other.environment.ACTIONS_ID_TOKEN_REQUEST_URL)
  await assert.rejects(platformProof(around(t, environment).around, 'github', AUDIENCE)())
  assert.deepEqual(other.asked, [])
})

test('where a proof cannot come from is refused with what can be named', async (t) => {
  const { around: here } = around(t)
  for (const from of ['', 'gitlab', 'github:x', 'file', 'file:', 'env:', 'token'])
    assert.throws(
      () => platformProof(here, from, AUDIENCE),
      /--proof is github, aws, aws:REGION, file:PATH, env:NAME or bound-key:FILE/,
    )
})
