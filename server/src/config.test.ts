import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownSettings } from './config.ts'

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
