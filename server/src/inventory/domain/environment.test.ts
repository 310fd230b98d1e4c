import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProduction, normalEnvironment } from './environment.ts'

test('an environment has one spelling, and saying it again changes nothing', () => {
  const SPELLINGS = [
    ['prod', 'production'],
    [' PROD-EU ', 'production-eu'],
    ['Stage', 'staging'],
    ['development', 'dev'],
    ['qa', 'qa'],
  ] as const
  for (const [given, expected] of SPELLINGS) {
    assert.equal(normalEnvironment(given), expected)
    assert.equal(normalEnvironment(expected), expected)
  }
})

test('production and its parts are production, and nothing else is', () => {
  for (const name of ['production', 'production-eu']) assert.ok(isProduction(name), name)
  for (const name of ['staging', 'preproduction', 'productionx', 'dev']) assert.ok(!isProduction(name), name)
})
