import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { reeveHere } from './reeve-here.ts'
import { ROOT } from './reeve-process.ts'

// In two pieces, so that nobody who looks for secrets finds one here.
const KEY = ['AKIA', 'Q3EGR5XFWZ7HK2MN'].join('')
const COMMANDS = [
  ['validate', 8],
  ['test', 1],
  ['plan', 1],
  ['apply', 1],
] as const
const FILES = ['identities/orders-sync.yaml', 'grants/orders-sync.yaml', 'policies/orders.cedar', 'reeve.yaml'] as const

for (const [command, code] of COMMANDS)
  test(`a folder that holds the value of a secret is refused by reeve ${command}, by file and line, and nothing is sent`, async (t) => {
    const here = reeveHere({ serverUrl: 'http://127.0.0.1:9' })
    for (const file of FILES) {
      const folder = mkdtempSync(join(tmpdir(), 'reeve-secret-'))
      t.after(() => rmSync(folder, { recursive: true, force: true }))
      cpSync(join(ROOT, 'examples/access'), folder, { recursive: true })
      appendFileSync(join(folder, file), `\n${file.endsWith('.cedar') ? '//' : '#'} key: ${KEY}\n`)
      const { code: ended, out, err } = await here([command, folder])
      const told = `${out}${err}`
      assert.equal(ended, code, told)
      assert.match(told, new RegExp(`${file.replace('.', '\\.')}:\\d+: holds what looks like a secret`))
      assert.ok(!told.includes(KEY), 'the secret itself is not printed')
      // With a server that nobody answers at, sending would have failed otherwise.
      assert.doesNotMatch(told, /127\.0\.0\.1:9/)
    }
  })
