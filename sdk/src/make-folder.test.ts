import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeFolder } from './make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'reeve-folder-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('a folder is made with those above it, for its owner alone, and again without a word', () => {
  const folder = join(root, 'a/b/c')
  makeFolder(folder)
  makeFolder(folder)
  for (const made of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(root, made)).mode & 0o777, 0o700, made)
})

test('where a file is in the way it says so', () => {
  writeFileSync(join(root, 'file'), '')
  assert.throws(() => makeFolder(join(root, 'file')), { code: 'EEXIST' })
  assert.throws(() => makeFolder(join(root, 'file/below')), { code: 'EEXIST' })
  assert.throws(() => makeFolder('/dev/null/below/that'), { code: 'EEXIST' })
})

// In a process of its own: what does not come back could not be ended here.
test('below a folder that can hold nothing it ends at once, and says so', {
  skip: process.platform !== 'linux',
}, () => {
  const program = `import { makeFolder } from ${JSON.stringify(join(import.meta.dirname, 'make-folder.ts'))}
    try { makeFolder('/proc/reeve/data') } catch (error) { console.log(error.code) }`
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 120_000,
    encoding: 'utf8',
  })
  assert.equal(done.stdout.trim(), 'ENOENT')
})
