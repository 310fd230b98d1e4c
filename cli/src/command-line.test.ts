import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitLine } from './command-line.ts'

test('the flags of every command stand anywhere, and are none of the command', () => {
  for (const line of [
    '--json identity list --state active --server http://a',
    'identity --json --server http://a list --state active',
    'identity list --state active --server=http://a --json',
  ]) {
    const split = splitLine(line.split(' '))
    assert.deepEqual(split.words, ['identity', 'list'])
    assert.deepEqual(split.rest(2), ['--state', 'active'])
    assert.deepEqual([split.flags.isJson, split.flags.server], [true, 'http://a'])
  }
})

test('a value is no word of the command, and - is a value', () => {
  assert.deepEqual(splitLine(['scan', '--fail-on', 'high', '.']).words, ['scan'])
  assert.deepEqual(splitLine(['import', '-']).rest(1), ['-'])
  assert.deepEqual(splitLine(['--state', 'active']).words, [])
})

test('what follows -- is taken as it is', () => {
  const split = splitLine(['why', '--', '--json'])
  assert.deepEqual([split.flags.isJson, split.rest(1)], [false, ['--', '--json']])
})

test('--no-input, --no-color and --help are heard', () => {
  const { flags } = splitLine(['identity', 'list', '--no-input', '--no-color', '-h'])
  assert.deepEqual([flags.mayAsk, flags.mayColour, flags.wantsHelp], [false, false, true])
})
