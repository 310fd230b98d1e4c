import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { placedSecret, readConfig, unknownSettings } from './config.ts'

test('a mistyped setting is named, and what belongs to others is not', () => {
  const environment = {
    REEVE_DATABASE_URI: 'postgres://reeve@db/reeve',
    REEVE_PORTT: '1',
    REEVE_PORT: '1',
    REEVE_HOST: '',
    REEVE_EMPTY: '',
    REEVE_SERVER: 'https://reeve.example',
    REEVE_TOKEN_FILE: 'f',
    REEVE_SERVICE_HOST: '10.0.0.1',
    REEVE_PORT_4650_TCP: 'tcp://10.0.0.1:4650',
    PATH: '/bin',
  }
  assert.deepEqual(unknownSettings(environment), ['REEVE_DATABASE_URI', 'REEVE_PORTT'])
})

test('the standing report has a schedule unless it is off, and is told to nobody without a secret to sign with', (t) => {
  const REEVE_DATA = mkdtempSync(join(tmpdir(), 'reeve-config-'))
  t.after(() => rmSync(REEVE_DATA, { recursive: true }))
  const reports = (set: Readonly<Record<string, string | undefined>>) => readConfig({ REEVE_DATA, ...set }).reports
  assert.deepEqual(reports({}), { schedule: '0 6 * * 1', receiver: undefined })
  assert.equal(reports({ REEVE_REPORT_SCHEDULE: 'off' }).schedule, undefined)
  for (const REEVE_REPORT_SCHEDULE of ['weekly', '0 6 31 2 *', '* * * * * * * *'])
    assert.throws(() => reports({ REEVE_REPORT_SCHEDULE }), /REEVE_REPORT_SCHEDULE/)
  const REEVE_REPORT_WEBHOOK = 'https://hears.example/hook'
  const secrets = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`)
  const { receiver } = reports({ REEVE_REPORT_WEBHOOK, REEVE_REPORT_WEBHOOK_SECRET: secrets.join(' ') })
  assert.deepEqual(receiver, { url: REEVE_REPORT_WEBHOOK, secrets: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] })
  for (const wrong of [{ REEVE_REPORT_WEBHOOK }, { REEVE_REPORT_WEBHOOK_SECRET: secrets.join(' ') }])
    assert.throws(() => reports(wrong), /REEVE_REPORT_WEBHOOK/)
  for (const REEVE_REPORT_WEBHOOK_SECRET of ['whsec_short', 'x', `${secrets.join(' ')} ${secrets[0]}`])
    assert.throws(() => reports({ REEVE_REPORT_WEBHOOK, REEVE_REPORT_WEBHOOK_SECRET }), /whsec_/)
})

test('the secret of a connector comes from a variable for it, or from a plain file of the folder for them, and from nowhere else', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-connectors-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'orders'), 'from a file\n')
  writeFileSync(join(folder, 'empty'), '\n')
  mkdirSync(join(folder, 'inner'))
  writeFileSync(join(folder, 'inner', 'other'), 'not to be had')
  const places = { variables: new Map([['REEVE_CONNECTOR_ORDERS', 'from a variable']]), folder: join(folder) }
  const file = (name: string) => placedSecret(places, { kind: 'file', name })
  assert.equal(placedSecret(places, { kind: 'variable', name: 'REEVE_CONNECTOR_ORDERS' }), 'from a variable')
  assert.equal(placedSecret(places, { kind: 'variable', name: 'REEVE_KEK' }), undefined)
  assert.equal(file('orders'), 'from a file')
  for (const name of ['empty', 'absent', 'inner/other', '../orders', '/etc/hostname', '.', 'inner'])
    assert.equal(file(name), undefined, name)
  assert.equal(placedSecret({ ...places, folder: undefined }, { kind: 'file', name: 'orders' }), undefined)
})
