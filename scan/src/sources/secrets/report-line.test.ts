import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detect } from './detect.ts'

const told = (text: string): string[] => {
  const bytes = Buffer.from(text)
  return detect(bytes, () => bytes.toString('latin1'), { isProgram: false }).map(({ found }) => found.secret)
}

test('a report of tests says no password', () => {
  for (const line of [
    'PASS: some text',
    'PASS: gcc.dg/vect/vect-1.c',
    'PASS: libfoo-1.2_check',
    'PASS: test_1 (0.3s)',
    'PASS: Foo::Bar_1',
    'as in `PASS: vect-1.c`, it passed',
    'FAIL: test_1x',
    '--- PASS: TestFoo/bar_1 (0.00s)',
    '[PASS] : Check1_b',
    'pass: 100.00%',
    'Pass: 27/27',
    'pass =--check-cxx',
    'pass=--with-foo1',
    'pass: --without-x11=/usr',
  ])
    assert.deepEqual(told(`ran 3\n${line}\n`), [], line)
})

test('a remark in brackets in a password’s place is none, wherever it is cut off', () => {
  for (const line of [
    'password: [empty',
    'password: [empty password]',
    'password: [not-set1 yet]',
    'password: [Empty1]',
  ])
    assert.deepEqual(told(line), [], line)
})

test('a password that is called `pass` is still one', () => {
  for (const text of [
    'PASS=hunter2!x',
    'USER=ops\nPASS=hunter2x',
    'user: ops\nPASS: hunter2x',
    'PASS: hunter2!x',
    'PASS: "hunter2x"',
    'env:\n  PASS: hunter2x',
    'pass: hunter2x',
    'DB_PASS: hunter2x',
    'password: "[hunter2!x"',
    'password=[hunter2!x',
  ])
    assert.equal(told(text).length, 1, text)
})
