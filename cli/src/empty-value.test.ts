import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { splitLine } from './command-line.ts'
import { refuseEmptyValues } from './empty-value.ts'

const { options } = new Command()
  .option('--owner <team>')
  .option('-k, --kind <kind>')
  .option('--all')
  .option('--at [day]')
const refused = (...argv: readonly string[]): string => {
  try {
    refuseEmptyValues(argv, options, 'reeve identity list --help')
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

test('a flag whose value is empty is refused by its name, however it is written', () => {
  assert.equal(refused('identity', 'list', '--owner', '', '--kind', 'bot'), '--owner is empty')
  assert.equal(refused('identity', 'list', '--owner='), '--owner is empty')
  assert.equal(refused('-k', ''), '-k is empty')
})

test('a flag takes no other flag for its value', () => {
  assert.match(refused('--owner', '--kind', 'bot'), /^--owner needs a value: behind it stands --kind$/)
  assert.match(refused('--owner', '--kind=bot'), /^--owner needs a value/)
  assert.match(refused('--owner', '--json', 'identity'), /^--owner needs a value: behind it stands --json$/)
})

test('what is a value is taken, and what is behind -- is another program’s', () => {
  for (const argv of [
    ['--owner', 'shop', '--all'],
    ['--owner=--all'],
    ['--owner', '-', '--kind', 'bot'],
    ['--at', '--all'],
    ['--at='],
    ['', '--all', ''],
    ['--', '--owner', ''],
    ['--other='],
  ])
    assert.equal(refused(...argv), '', argv.join(' '))
})

test('an empty server is refused, not taken for the one in the settings', () => {
  for (const argv of [['--server='], ['--server', '']]) assert.throws(() => splitLine(argv), /--server needs a URL/)
})
