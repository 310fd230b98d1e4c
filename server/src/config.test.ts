import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { placedSecret, unknownSettings } from './config.ts'

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
