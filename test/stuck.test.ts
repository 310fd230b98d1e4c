import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { endStuck } from './stuck.ts'

const PROGRAM = '/computes/for-ever.test.ts'
// It starts another, as tests start servers, and then hears of nothing.
const CODE = `const { spawn } = require('node:child_process')
const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'inherit', 'ignore'] })
process.stdout.write(String(other.pid), () => { for (;;); })`

test('a program of tests that computes for ever is ended, with what it started', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const program = spawn(process.execPath, ['-e', CODE, PROGRAM], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => program.kill('SIGKILL'))
  await once(program.stdout, 'data')
  const told = endStuck(new EventEmitter(), 0)
  t.after(() => told.emit('end'))
  told.emit('test:dequeue', { file: PROGRAM, name: 'never ends' })
  const [[, signal]] = await Promise.all([once(program, 'exit'), once(program.stdout, 'end')])
  assert.equal(signal, 'SIGKILL')
})
