import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { commitOf } from './commit-of.ts'

const NO_CI = { ci: { commit: undefined, author: undefined } }

test('an apply names the commit and the author of its folder, or what the CI says, or nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-commit-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.deepEqual(commitOf(NO_CI, folder), {})
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example', ...args], {
      encoding: 'utf8',
    })
  git('init', '--quiet')
  assert.deepEqual(commitOf(NO_CI, folder), {}, 'a repository without a commit')
  writeFileSync(join(folder, 'reeve.yaml'), 'version: 1\nname: x\n')
  git('add', '.')
  git('commit', '--quiet', '-m', 'first')
  const commit = git('rev-parse', 'HEAD').trim()
  assert.deepEqual(commitOf(NO_CI, folder), { commit, author: 'Ada <ada@acme.example>' })
  assert.deepEqual(commitOf({ ci: { commit: 'abc', author: 'bob' } }, folder), { commit: 'abc', author: 'bob' })
})
