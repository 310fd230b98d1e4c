import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const runAs = (version: string) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
  const preloads = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, '--import', './needs-node.js']
  return spawnSync(process.execPath, [...preloads, '--eval', 'console.log("ran")'], { encoding: 'utf8' })
}

test('on a Node older than 24 a script ends with one line that says what to do', () => {
  const { status, stdout, stderr } = runAs('22.19.0')
  assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [1, '', 1])
  assert.match(stderr, /needs Node\.js 24 or newer, and this is 22\.19\.0: install a newer one/)
})

test('on Node 24 and newer a script runs', () => {
  assert.deepEqual([runAs('24.0.0').stdout, runAs('26.1.0').status], ['ran\n', 0])
})

test('every npm script that runs a file of ours asks for the version first', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'))
  const unguarded = Object.entries(scripts).filter(
    ([, line]) =>
      line.startsWith('node ') &&
      !line.startsWith('node --import ./needs-node.js ') &&
      !/ (?:cli\/bin\/reeve|server\/src\/main)\.js$/.test(line),
  )
  assert.deepEqual(unguarded, [])
})
