import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import own from '../package.json' with { type: 'json' }
import { VERSION } from '../src/version.ts'
import { makeReeve, ROOT } from './reeve-process.ts'

const HOOK = `
import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => {
  process.stderr.write('loaded ' + url + '\\n')
  return next(url, context)
} })
`

/** What the program loads for a command. */
const loadedBy = (args: readonly string[]): string[] => {
  const { folder, remove } = makeReeve()
  const hook = join(folder, 'hook.mjs')
  writeFileSync(hook, HOOK)
  const { PATH = '' } = process.env
  const run = spawnSync(process.execPath, ['--import', hook, join(ROOT, 'cli/bin/reeve.js'), ...args], {
    env: { PATH, REEVE_CONFIG: folder, REEVE_SERVER: 'http://127.0.0.1:1' },
    encoding: 'utf8',
  })
  remove()
  return [...run.stderr.matchAll(/^loaded (\S+)$/gm)].map((match) => match[1] ?? '')
}

const HEAVY = /node_modules\/(jose|yaml|@clack)\/|\/scan\/src\/|\/ledger\/|operations?\.gen|outputs\.gen|derived/

// Time on a busy machine says little; what is loaded decides it, and is the same everywhere.
test('--version loads four files of ours and nothing else', () => {
  const loaded = loadedBy(['--version']).filter((url) => url.startsWith('file:'))
  assert.ok(loaded.length <= 4, loaded.join('\n'))
})

test('a command loads only what it uses: status knows no scanner, no YAML, no keys, no schemas and no ledger', () => {
  const loaded = loadedBy(['status'])
  assert.deepEqual(
    loaded.filter((url) => HEAVY.test(url)),
    [],
  )
  assert.ok(loaded.length > 5)
})

for (const [line, pattern] of [
  ['scan package.json', /node_modules\/(jose|@clack)\/|\/ledger\/|derived/],
  ['help', /node_modules\/(jose|yaml|@clack)\/|\/scan\/src\/|\/ledger\//],
  ['identity list', /node_modules\/(jose|yaml|@clack)\/|\/scan\/src\/|\/ledger\//],
  ['audit verify package.json --key x', /node_modules\/(jose|yaml|@clack)\/|\/scan\/src\/|derived/],
] as const)
  test(`reeve ${line} loads nothing of ${String(pattern)}`, () => {
    assert.deepEqual(
      loadedBy(line.split(' ')).filter((url) => pattern.test(url)),
      [],
    )
  })

test('the version that is told is the one of the package', async () => {
  assert.equal(VERSION, own.version)
  const { reeve, remove } = makeReeve()
  for (const flag of ['--version', '-V'])
    assert.deepEqual(await reeve([flag]), { code: 0, out: `${VERSION}\n`, err: '' })
  remove()
})
