import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readUserCode, USER_CODE_BYTES, userCode } from './user-code.ts'

const bytes = fc.uint8Array({ minLength: USER_CODE_BYTES, maxLength: USER_CODE_BYTES })

test('a code is eight letters of twenty, and is read back however it was typed', () => {
  fc.assert(
    fc.property(bytes, (random) => {
      const code = userCode(random)
      // Of 64 bytes, fewer than eight are usable once in far more than all codes that will ever be made.
      fc.pre(random.filter((byte) => byte < 240).length >= 8)
      assert.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      for (const typed of [code, code.toLowerCase(), code.replace('-', ''), ` ${code.replace('-', ' ')} `])
        assert.equal(readUserCode(typed), code)
    }),
  )
})

test('each letter is as likely as any other', () => {
  const counts = new Map<string, number>()
  for (let byte = 0; byte < 256; byte++) {
    const [letter = ''] = userCode(new Uint8Array([byte, 0, 0, 0, 0, 0, 0, 0]))
    if (byte < 240) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  assert.deepEqual(new Set(counts.values()), new Set([12]))
  assert.equal(counts.size, 20)
})

test('what can be no code is none', () => {
  for (const typed of ['', 'BCDF-GHJ', 'BCDF-GHJKL', 'ACDF-GHJK', 'BCDF-GHJ1', 'x'.repeat(100)])
    assert.equal(readUserCode(typed), undefined, typed)
})
