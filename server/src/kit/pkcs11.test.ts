import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { KeyUnavailable, WrongKey } from './key-wrapper.ts'
import { openPkcs11, readPkcs11Uri } from './pkcs11.ts'

const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find(existsSync)
const HAS_TOKEN = MODULE !== undefined && existsSync('/usr/bin/softhsm2-util') && existsSync('/usr/bin/pkcs11-tool')
if (!HAS_TOKEN && process.env.CI !== undefined) throw new Error('CI leaves no token out: install softhsm2 and opensc')

const at = { table: 'kit_data_key', row: 'dek_1', column: 'wrapped' }
const key = Buffer.alloc(32, 7)

test('a key in a PKCS#11 token wraps and unwraps, for its row alone, and another key of the token does not', async (t) => {
  if (!HAS_TOKEN || MODULE === undefined) return t.skip('no SoftHSM here (softhsm2 and opensc)')
  const { SOFTHSM2_CONF } = process.env
  t.after(() => {
    if (SOFTHSM2_CONF === undefined) delete process.env.SOFTHSM2_CONF
    else process.env.SOFTHSM2_CONF = SOFTHSM2_CONF
  })
  using place = mkdtempDisposableSync(join(tmpdir(), 'reeve-token-'))
  const folder = place.path
  const token = makeToken(folder, MODULE)
  const [one, other] = await Promise.all(['kek', 'other'].map((object) => openPkcs11(token.uri(object))))
  assert.ok(one !== undefined && other !== undefined)
  const wrapped = await one.wrap(key, at)
  assert.ok(!wrapped.includes(key.toString('base64url')))
  assert.notEqual(await one.wrap(key, at), wrapped, 'a nonce of its own each time')
  assert.deepEqual(await one.unwrap(wrapped, at), key)
  assert.deepEqual(await (await openPkcs11(token.uri('kek'))).unwrap(wrapped, at), key, 'after a restart')
  assert.notEqual(one.id, other.id)
  await assert.rejects(other.unwrap(wrapped, at), WrongKey)
  await assert.rejects(one.unwrap(wrapped, { ...at, row: 'dek_2' }), WrongKey)
  for (let place = 0; place < wrapped.length; place += 7) {
    const changed = `${wrapped.slice(0, place)}${wrapped[place] === 'A' ? 'B' : 'A'}${wrapped.slice(place + 1)}`
    if (Buffer.compare(bytesOf(changed), bytesOf(wrapped)) !== 0)
      await assert.rejects(one.unwrap(changed, at), /WrongKey|KeyUnavailable|key-encryption/, changed)
  }
  for (const [uri, why] of [
    [token.uri('nothing'), /not exactly one secret key with the label nothing/],
    [token.uri('kek').replace('token=reeve', 'token=else'), /no PKCS#11 token with the label else/],
    [token.uri('kek').replace('1234', '9999'), /C_Login with the error 0xa0/],
    [token.uri('kek').replace(MODULE, '/nowhere.so'), /module \/nowhere\.so cannot be loaded/],
  ] as const)
    await assert.rejects(
      async () => (await openPkcs11(uri)).wrap(key, at),
      (error) => error instanceof KeyUnavailable && why.test(error.message) && !error.message.includes('1234'),
      uri,
    )
  writeFileSync(join(folder, 'pin'), '1234\n')
  const byFile = token.uri('kek').replace('pin-value=1234', `pin-source=file:${join(folder, 'pin')}`)
  assert.deepEqual(await (await openPkcs11(byFile)).unwrap(wrapped, at), key)
})

test('what a PKCS#11 URI leaves out is named', () => {
  const whole = 'pkcs11:token=my%20token;object=kek?module-path=/lib/p11.so&pin-value=1%262'
  assert.deepEqual(readPkcs11Uri(whole), {
    ...{ token: 'my token', object: 'kek', modulePath: '/lib/p11.so' },
    pin: { value: '1&2' },
  })
  for (const [uri, why] of [
    ['pkcs11:object=kek?module-path=/x&pin-value=1', /token=/],
    ['pkcs11:token=t?module-path=/x&pin-value=1', /object=/],
    ['pkcs11:token=t;object=k?pin-value=1', /module-path=/],
    ['pkcs11:token=t;object=k?module-path=/x', /pin-source=/],
    ['pkcs11:token=%zz;object=k?module-path=/x', /percent-encoded/],
  ] as const)
    assert.throws(() => readPkcs11Uri(uri), why)
})

const bytesOf = (wrapped: string): Buffer =>
  Buffer.concat(wrapped.split('.').map((part) => Buffer.from(part, 'base64url')))

const makeToken = (folder: string, module: string) => {
  const conf = join(folder, 'softhsm2.conf')
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(conf, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`)
  // The module reads it when it is loaded, in this very process.
  process.env.SOFTHSM2_CONF = conf
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' })
  run('softhsm2-util', '--init-token', '--free', '--label', 'reeve', '--pin', '1234', '--so-pin', '5678')
  for (const label of ['kek', 'other'])
    run(
      'pkcs11-tool',
      '--module',
      module,
      '--login',
      '--pin',
      '1234',
      '--token-label',
      'reeve',
      '--keygen',
      '--key-type',
      'AES:32',
      '--label',
      label,
      '--sensitive',
    )
  return { uri: (object: string) => `pkcs11:token=reeve;object=${object}?module-path=${module}&pin-value=1234` }
}
