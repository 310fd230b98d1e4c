import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROWTH_MAX, growth } from '../../test/growth.ts'
import { readCodeowners } from './owners.ts'

const TABLE: readonly (readonly [string, string, boolean])[] = [
  ['*', 'a/b.js', true],
  ['*.js', 'a/b/c.js', true],
  ['*.js', 'a/b.ts', false],
  ['/docs/', 'docs/a/b.md', true],
  ['/docs/', 'x/docs/a.md', false],
  ['docs/', 'x/docs/a.md', true],
  ['docs', 'x/docs/a.md', true],
  ['docs/*', 'docs/a.md', true],
  ['/a/**/z', 'a/z', true],
  ['/a/**/z', 'a/b/c/z', true],
  ['**/logs', 'x/y/logs/l.txt', true],
  ['/b?d.txt', 'bad.txt', true],
  ['/b?d.txt', 'braid.txt', false],
]

for (const [pattern, path, isOwned] of TABLE) {
  test(`CODEOWNERS: ${pattern} ${isOwned ? 'owns' : 'does not own'} ${path}`, () => {
    assert.equal(readCodeowners(`${pattern} @team`)(path)?.owner, isOwned ? '@team' : undefined)
  })
}

test('the last line that fits wins, and a line without owners takes ownership away', () => {
  const ownerOf = readCodeowners('# all\n* @all\n/api/ @api # theirs\n/api/old/\n')
  assert.deepEqual(ownerOf('web/a.js'), { owner: '@all', line: 2 })
  assert.deepEqual(ownerOf('api/a.js'), { owner: '@api', line: 3 })
  assert.equal(ownerOf('api/old/a.js'), undefined)
})

test('a pattern made of stars costs no more than its length', () => {
  const evil = '/**/**/**/c @team'
  // Tried star by star and letter by letter it would be the cube of the length.
  const grown = growth((length) => {
    const ownerOf = readCodeowners(`/${'a*'.repeat(3)}b${evil}`)
    return () => ownerOf(`${'a'.repeat(length)}/${'x/'.repeat(length / 10)}d`)
  }, 200)
  assert.ok(grown < GROWTH_MAX, `${grown}`)
  const ownerOf = readCodeowners(`/${'a*'.repeat(200)}b${evil}`)
  assert.equal(ownerOf(`${'a'.repeat(2000)}/${'x/'.repeat(200)}d`), undefined)
})
