import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

/** What a file and everything of ours that it imports weigh, without types and comments; a minifier makes it less. */
const gzipBytes = (entries: readonly string[]): number => {
  const texts = new Map<string, string>()
  const add = (file: string) => {
    if (texts.has(file)) return
    const text = stripTypeScriptTypes(readFileSync(file, 'utf8'))
    texts.set(file, text)
    for (const [, name = ''] of text.matchAll(/\b(?:from|import) '(\.[^']+)'/g)) add(resolve(dirname(file), name))
  }
  for (const entry of entries) add(join(import.meta.dirname, entry))
  const code = [...texts.values()].join('\n').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return gzipSync(code.replace(/[ \t]+/g, ' ').replace(/\n\s*/g, '\n')).length
}

test('the SDK with its client is under 40 KB gzipped, without jose, and the client alone under 8', (t) => {
  const [both, client] = [gzipBytes(['../index.ts', 'index.ts']), gzipBytes(['index.ts'])]
  t.diagnostic(`gzip bytes: index and client ${both}, client ${client}`)
  assert.ok(both < 40_000, String(both))
  assert.ok(client < 8_000, String(client))
})
