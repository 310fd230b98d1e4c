import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fakeSurroundings } from '../test/fake-surroundings.ts'
import { CommandError } from './exit-code.ts'
import { scanSalt } from './scan-salt.ts'

const start = (t: TestContext) => {
  const { around, remove } = fakeSurroundings()
  t.after(remove)
  return { around, file: join(around.configFolder, 'scan-salt') }
}

test('the salt is made once, for its owner alone, and leaves nothing else behind', (t) => {
  const { around, file } = start(t)
  const salt = scanSalt(around)
  assert.ok(salt.length >= 64)
  assert.equal(scanSalt(around), salt)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(around.configFolder), ['scan-salt'])
})

test('an empty salt is named with what to do, and neither used nor replaced', (t) => {
  const { around, file } = start(t)
  mkdirSync(around.configFolder)
  writeFileSync(file, '')
  assert.throws(
    () => scanSalt(around),
    (error) => error instanceof CommandError && /delete it/.test(error.next ?? ''),
  )
  assert.equal(readFileSync(file, 'utf8'), '')
})
