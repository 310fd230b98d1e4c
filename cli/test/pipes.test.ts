import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { forEachOf, type Running, startReeve } from './reeve-process.ts'

let running: Running
before(async () => {
  running = await startReeve()
})
after(() => running.stop())

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/

test('no colour and no control character reaches a pipe, whatever the environment says', async () => {
  const lines = ['help', 'identity list', 'scan examples/estate', 'audit tail', 'nonsense', 'identity list --no-color']
  const environment = { FORCE_COLOR: '1', TERM: 'xterm-256color' }
  await forEachOf(lines, async (line) => {
    const { out, err } = await running.reeve(line.split(' '), { environment })
    for (const text of [out, err]) assert.doesNotMatch(text, CONTROL, line)
  })
})

test('data is on standard output, and talk on standard error', async () => {
  const shown = await running.reeve(['identity', 'list'])
  assert.match(shown.out, /^NAME /)
  assert.equal(shown.err, '')
  const empty = await running.reeve(['identity', 'list', '--state', 'retired'])
  assert.deepEqual([empty.out, empty.err], ['', 'nothing here\n'])
  const named = await running.reeve(['audit', 'search', '--actor', 'Ada Byron'])
  assert.deepEqual([named.out, named.err], ['', 'nothing here; --actor takes an id, such as nhi_7Zq2dM4s\n'])
  const page = await running.reeve(['identity', 'list', '--limit', '1'])
  assert.match(page.err, /there is more: --all, or --cursor /)
  const all = await running.reeve(['identity', 'list', '--limit', '1', '--all', '--json'])
  assert.equal(JSON.parse(all.out).items.length, 2)
  const login = await running.reeve(['login'])
  assert.deepEqual([login.out, login.code], ['', 0])
})

test('a pipe gets whole lines: nothing is cut to a width that nobody sees', async () => {
  const { out } = await running.reeve(['finding', 'list'])
  assert.doesNotMatch(out, /…/)
})

test('a reader that closes the pipe ends the command quietly', async () => {
  const { code, err } = await running.reeve(['api'], { closesPipe: true })
  assert.deepEqual([code, err], [0, ''])
  const followed = await running.reeve(['audit', 'tail', '--follow'], { closesPipe: true })
  assert.deepEqual([followed.code, followed.err], [0, ''])
})

test('a private key, a secret and a login are written for their owner alone, and shown nowhere else', async () => {
  const { reeve, folder, server } = running
  const files = { key: join(folder, 'a.jwk'), secret: join(folder, 'a.secret') }
  const key = await reeve(['credential', 'add', 'orders-sync', '--new-key', files.key, '--json'])
  const { d } = JSON.parse(readFileSync(files.key, 'utf8'))
  assert.ok(typeof d === 'string' && d.length > 20)
  const session = join(folder, 'config/servers', encodeURIComponent(server.url).replaceAll('%', '_'), 'session.json')
  const device = session.replace('session.json', 'device.json')
  const { token } = JSON.parse(readFileSync(session, 'utf8'))
  const devicePrivate = JSON.parse(readFileSync(device, 'utf8')).key.d
  const runs = [key]
  for (const line of [
    'whoami',
    'status',
    'doctor',
    'credential list',
    'session list',
    'audit tail',
    'identity show nobody',
  ])
    for (const flags of [[], ['--json']]) runs.push(await reeve([...line.split(' '), ...flags]))
  for (const { out, err } of runs)
    for (const secret of [d, token, devicePrivate]) assert.ok(!`${out}${err}`.includes(secret))
  for (const file of [files.key, session, device]) assert.equal(statSync(file).mode & 0o777, 0o600, file)
  assert.equal(statSync(join(folder, 'config')).mode & 0o777, 0o700)
})

test('a trust that would be refused fails a pipeline, and is told whole all the same', async () => {
  const { reeve, server } = running
  const lint = (claim: string) =>
    reeve([
      ...['trust', 'lint', '--issuer', 'https://ci.example.com', '--audience', server.url],
      ...['--claims', claim, '--json'],
    ])
  const { code, out } = await lint('sub=pipeline:*')
  assert.deepEqual([code, JSON.parse(out).isAcceptable], [8, false])
  assert.equal((await lint('sub=pipeline:orders')).code, 0)
})

test('an issuer is stopped and released by its URL', async () => {
  const { reeve, server } = running
  const at = (verb: string, ...flags: string[]) => reeve([verb, 'issuer', server.url, '--reason', 'a test', ...flags])
  const dry = await at('quarantine', '--dry-run')
  assert.deepEqual([dry.code, /every token that it issued.*; else nothing, and it is refused/.test(dry.out)], [0, true])
  assert.equal((await at('quarantine', '--yes')).code, 0)
  assert.equal((await at('release')).code, 0)
  assert.equal((await at('release')).code, 5)
})

test('a key file is left behind only when the credential was made', async () => {
  const { reeve, folder } = running
  const file = join(folder, 'never.jwk')
  assert.equal((await reeve(['credential', 'add', 'nobody', '--new-key', file])).code, 5)
  assert.throws(() => statSync(file), /ENOENT/)
  writeFileSync(file, 'mine')
  assert.equal((await reeve(['credential', 'add', 'orders-sync', '--new-key', file])).code, 1)
  assert.equal(readFileSync(file, 'utf8'), 'mine')
})

test('a name that a stranger chose cannot move the cursor', async () => {
  const { reeve, folder } = running
  const file = join(folder, 'work.yml')
  writeFileSync(file, 'password: "abcDEF123456\u001b[2J\u202e"\n')
  const { out } = await reeve(['scan', folder])
  assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('an interrupt ends a command at once with 130', async () => {
  const { interrupted } = await import('./interrupted.ts')
  assert.equal(await interrupted(running, ['audit', 'tail', '--follow']), 130)
})

test('completion offers words, flags, values and live ids, and nothing when nobody is logged in', async () => {
  const { reeve } = running
  const complete = async (...words: string[]) => (await reeve(['__complete', '--', ...words])).out.trim().split('\n')
  assert.deepEqual(await complete('ident'), ['identity'])
  assert.deepEqual(await complete('identity', 'sh'), ['show'])
  assert.deepEqual(await complete('identity', 'show', 'orders-s'), ['orders-sync'])
  assert.deepEqual(await complete('identity', 'list', '--sta'), ['--state'])
  assert.deepEqual(await complete('identity', 'list', '--state', 'act'), ['active'])
  assert.deepEqual(await complete('quarantine', 'ident'), ['identity'])
  assert.deepEqual(await complete('completion', ''), ['bash', 'fish', 'zsh'])
  assert.deepEqual(await complete('grant', 'list', '--resource', ''), ['orders-api'])
  const stranger = await reeve(['__complete', '--', 'identity', 'show', ''], { environment: { REEVE_CONFIG: '/nope' } })
  assert.deepEqual([stranger.out, stranger.err], ['', ''])
})
