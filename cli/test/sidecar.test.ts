import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { until } from '../../sdk/test/until.ts'
import { startWorkload } from './running-reeve.ts'

const ask = (socketPath: string, path = '/token', method = 'GET'): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path, method }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: await text(response) }),
    )
      .on('error', reject)
      .end()
  })

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('a token is kept for its user alone in a file and behind a socket, and is taken away when the sidecar stops', async (t) => {
  const { start, folder } = await startWorkload(t)
  const [file, socket] = [join(folder, 'token'), join(folder, 'socket')]
  const running = start('sidecar', ['--file', file, '--socket', socket])
  await running.until(/there is a token/, 'err')
  assert.deepEqual([modeOf(file), modeOf(socket)], ['600', '600'])
  const { status, body } = await ask(socket)
  assert.equal(status, 200)
  assert.equal(JSON.parse(body).access_token, readFileSync(file, 'utf8'))
  assert.equal((await ask(socket, '/')).status, 404)
  assert.equal((await ask(socket, '/token', 'POST')).status, 405)
  running.kill('SIGTERM')
  const { code, err } = await running.ended
  assert.equal(code, 0, err)
  assert.deepEqual([existsSync(file), existsSync(socket)], [false, false])
})

test('A10: a sidecar that is started before its server, or in an outage, waits for it; the token is kept for its life', async (t) => {
  const { start, issuer, folder } = await startWorkload(t, { lifeSeconds: 4 })
  const socket = join(folder, 'socket')
  await issuer.down()
  const running = start('sidecar', ['--socket', socket])
  await running.until(/no token yet: the issuer gave no answer/, 'err')
  assert.deepEqual(JSON.parse((await ask(socket)).body).error, 'no_token')
  await issuer.up()
  while ((await ask(socket)).status !== 200) await running.until(/no token yet/, 'err')
  await issuer.down()
  assert.equal((await ask(socket)).status, 200)
  await running.until(/no valid token any more/, 'err')
  assert.equal((await ask(socket)).status, 503)
  await issuer.up()
  await running.until(/there is a new token/, 'err')
  running.kill('SIGINT')
  assert.equal((await running.ended).code, 0)
})

test('a file that others read is readable for the group, and is always whole', async (t) => {
  const { start, folder } = await startWorkload(t, { lifeSeconds: 2 })
  const file = join(folder, 'token')
  writeFileSync(file, 'what was there before')
  const running = start('sidecar', ['--file', file, '--group-readable'])
  await running.until(/there is a token/, 'err')
  assert.equal(modeOf(file), '640')
  await running.until(/there is a new token/, 'err')
  assert.equal(readFileSync(file, 'utf8').split('.').length, 3)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  )
  running.kill('SIGTERM')
  await running.ended
})

test('a socket on which another program listens and a file are kept, and a socket that was left behind is taken', async (t) => {
  const { start, folder } = await startWorkload(t)
  const socket = join(folder, 'socket')
  const first = start('sidecar', ['--socket', socket])
  await first.until(/there is a token/, 'err')
  const second = await start('sidecar', ['--socket', socket]).ended
  assert.equal(second.code, 1)
  assert.match(second.err, /another program listens/)
  assert.equal((await ask(socket)).status, 200)
  const file = join(folder, 'notes')
  writeFileSync(file, 'no socket')
  assert.equal((await start('sidecar', ['--socket', file]).ended).code, 1)
  assert.equal(readFileSync(file, 'utf8'), 'no socket')
  first.kill('SIGKILL')
  await first.ended
  const third = start('sidecar', ['--socket', socket])
  await third.until(/there is a token/, 'err')
  assert.equal((await ask(socket)).status, 200)
})

test('what is at the place of a socket and is none is kept: a key that was named by mistake, and a link', async (t) => {
  const { start, folder } = await startWorkload(t)
  const [key, link] = [join(folder, 'orders.jwk'), join(folder, 'link')]
  writeFileSync(key, 'a key')
  symlinkSync(key, link)
  for (const socket of [key, link]) {
    const { code, err } = await start('sidecar', ['--socket', socket]).ended
    assert.equal(code, 1)
    assert.match(err, /is there already, and is no socket that was left behind\n.*next: name another socket/)
  }
  assert.equal(readFileSync(link, 'utf8'), 'a key')
})

test('a place where no token could be written is told at the start, and nothing runs', async (t) => {
  const { start, folder } = await startWorkload(t)
  for (const [file, next] of [
    [folder, 'name a file in it'],
    [join(folder, 'nowhere/token'), 'name a file in a folder that is there'],
  ] as const) {
    const { code, err } = await start('sidecar', ['--file', file, '--socket', join(folder, 'socket')]).ended
    assert.equal(code, 1)
    assert.match(err, new RegExp(`next: ${next}`))
  }
})

test('a sidecar whose server does not answer is stopped at once, and a terminal that goes away takes the token with it', async (t) => {
  const { start, issuer, folder } = await startWorkload(t)
  const [file, socket] = [join(folder, 'token'), join(folder, 'socket')]
  issuer.pause()
  const waiting = start('sidecar', ['--file', file, '--socket', socket])
  await until(() => issuer.asked('/oauth/token').length > 0)
  waiting.kill('SIGTERM')
  const { code, err } = await waiting.ended
  // It would have said that the server gave no answer.
  assert.deepEqual([code, err], [0, ''])
  issuer.resume()
  const running = start('sidecar', ['--file', file])
  await running.until(/there is a token/, 'err')
  running.kill('SIGHUP')
  await running.ended
  assert.equal(existsSync(file), false)
})

test('a sidecar that would keep the token nowhere is told what is missing', async (t) => {
  const { start } = await startWorkload(t)
  const { code, err } = await start('sidecar', []).ended
  assert.equal(code, 1)
  assert.match(err, /give --file PATH, --socket PATH or both/)
})
