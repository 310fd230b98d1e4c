import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { fakeSurroundings } from '../test/fake-surroundings.ts'
import { CommandError } from './exit-code.ts'
import { lastServerFile, serverFolder, serverUrl } from './server-url.ts'
import { currentSession, freshSession, hasDevice, openNarrowedSession } from './session.ts'
import type { Surroundings } from './surroundings.ts'

const SERVER = 'https://reeve.example'
const SESSION = { server: SERVER, person: 'per_1', token: 'reeve_ps_x', expiresAt: '2026-11-01T20:00:00Z' }

const setUp = (t: TestContext, own: Partial<Surroundings> = {}) => {
  const { around, folder, remove } = fakeSurroundings(own)
  t.after(remove)
  const keep = (file: string, text: string) => {
    mkdirSync(serverFolder(around, SERVER), { recursive: true })
    writeFileSync(join(serverFolder(around, SERVER), file), text)
  }
  return { around, folder, keep }
}

test('a session that is at hand is used, until a minute before its end', (t) => {
  const { around, keep } = setUp(t)
  keep('session.json', JSON.stringify(SESSION))
  assert.deepEqual(freshSession(around, SERVER), SESSION)
  assert.equal(freshSession({ ...around, now: () => new Date('2026-11-01T19:59:30Z') }, SERVER), undefined)
})

test('a session is never sent to another server than the one that gave it', (t) => {
  const { around, keep } = setUp(t)
  keep('session.json', JSON.stringify({ ...SESSION, server: 'https://other.example' }))
  assert.equal(freshSession(around, SERVER), undefined)
  assert.equal(freshSession(around, 'https://other.example'), undefined)
})

test('a damaged file leads to a login, not to a crash', async (t) => {
  const { around, keep } = setUp(t)
  for (const text of ['', '{', 'null', '[]', '"x"', '{"token":1}', JSON.stringify({ ...SESSION, token: 5 })]) {
    keep('session.json', text)
    keep('device.json', text)
    assert.equal(hasDevice(around, SERVER), false)
    await assert.rejects(
      currentSession(around, SERVER),
      (error) => error instanceof CommandError && error.exitCode === 4,
    )
  }
})

test('a session file that the environment names is used alone, and is told when it does not serve', async (t) => {
  const { around, folder, keep } = setUp(t)
  keep('session.json', JSON.stringify(SESSION))
  const file = join(folder, 'ci.json')
  const inCi = { ...around, sessionFile: file }
  await assert.rejects(
    currentSession(inCi, SERVER),
    /REEVE_SESSION_FILE .* holds no session of https:\/\/reeve\.example/,
  )
  writeFileSync(file, JSON.stringify({ ...SESSION, person: 'per_ci' }))
  assert.equal((await currentSession(inCi, SERVER)).person, 'per_ci')
})

test('a session that the environment names is never followed by another one when it ends', async (t) => {
  const { around, folder, keep } = setUp(t)
  keep('session.json', JSON.stringify(SESSION))
  keep('device.json', JSON.stringify({ server: SERVER, person: 'per_1', key: {} }))
  const file = join(folder, 'ci.json')
  writeFileSync(file, JSON.stringify({ ...SESSION, expiresAt: '2026-01-01T00:00:00Z' }))
  await assert.rejects(
    currentSession({ ...around, sessionFile: file }, SERVER),
    (error) => error instanceof CommandError && error.exitCode === 4 && error.message.includes('has ended'),
  )
})

test('no session for CI is opened where its file cannot be written, and no file is left where none is opened', async (t) => {
  const { around, folder } = setUp(t)
  let requests = 0
  const answering = createServer((_, response) => {
    requests += 1
    response.writeHead(500, { connection: 'close' }).end()
  }).listen(0, '127.0.0.1')
  t.after(() => answering.close())
  await once(answering, 'listening')
  const address = answering.address()
  assert.ok(typeof address === 'object' && address !== null)
  const server = `http://127.0.0.1:${address.port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  mkdirSync(serverFolder(around, server), { recursive: true })
  const device = { server, person: 'per_1', key: await exportJWK(privateKey) }
  writeFileSync(join(serverFolder(around, server), 'device.json'), JSON.stringify(device))
  const narrowedTo = { directories: ['web'], may: 'plan' as const }
  const open = (name: string) => openNarrowedSession(around, server, { narrowedTo, hours: 1, file: join(folder, name) })
  writeFileSync(join(folder, 'there.json'), 'mine')
  await assert.rejects(open('there.json'), /there\.json exists already/)
  await assert.rejects(open('nowhere/ci.json'), /ci\.json cannot be written, so that no session was opened/)
  assert.equal(requests, 0)
  assert.equal(readFileSync(join(folder, 'there.json'), 'utf8'), 'mine')
  await assert.rejects(open('ci.json'))
  assert.ok(requests > 0)
  assert.equal(existsSync(join(folder, 'ci.json')), false)
})

test('the server is the one of the flag, else of the environment, else of the last login, else on this machine', (t) => {
  const { around } = setUp(t)
  assert.equal(serverUrl(around, undefined), 'http://127.0.0.1:4650')
  mkdirSync(around.configFolder, { recursive: true })
  writeFileSync(lastServerFile(around), 'https://last.example\n')
  assert.equal(serverUrl(around, undefined), 'https://last.example')
  const set = { ...around, serverUrl: 'https://env.example/' }
  assert.equal(serverUrl(set, undefined), 'https://env.example')
  assert.equal(serverUrl(set, 'https://flag.example/base//'), 'https://flag.example/base')
})

test('two servers have two folders', (t) => {
  const { around } = setUp(t)
  const folders = ['http://a:1', 'http://a:11', 'http://a/1', 'https://a:1'].map((url) => serverFolder(around, url))
  assert.equal(new Set(folders).size, folders.length)
})
