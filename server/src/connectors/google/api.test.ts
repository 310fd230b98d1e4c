import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenPages } from './api.ts'

/** Pages as they come, one after the other, and what was taken of them. */
const read = async (...pages: readonly unknown[]) => {
  const asked: string[] = []
  const taken: unknown[] = []
  const get = async (path: string) => {
    asked.push(path)
    return { value: pages[Math.min(asked.length, pages.length) - 1], headers: {} }
  }
  await tokenPages({ get }, '/v1/things?pageSize=2', 'things', (items) => void taken.push(...items))
  return { asked, taken }
}

test('pages of Google are read to the end, also where one of them holds nothing', async () => {
  const { asked, taken } = await read({ things: [1], nextPageToken: 'a/b' }, { nextPageToken: 'c' }, { things: [2] })
  assert.deepEqual(taken, [1, 2])
  assert.deepEqual(asked.slice(1), ['/v1/things?pageSize=2&pageToken=a%2Fb', '/v1/things?pageSize=2&pageToken=c'])
  assert.deepEqual((await read({}, {})).taken, [])
  assert.deepEqual((await read({ readTime: '2026-11-01T00:00:00Z' })).taken, [])
})

const ODD: readonly [string, unknown][] = [
  ['is another list', { items: [] }],
  ['is a list without its name', []],
  ['has something else in place of its list', { things: { a: 1 } }],
  ['is a page of a gateway', { error: { code: 200 } }],
  ['is nothing', null],
  ['has a number in place of a token', { things: [1], nextPageToken: 7 }],
  ['has the same next page for ever', { things: [1], nextPageToken: 'a' }],
]

for (const [what, page] of ODD)
  test(`an answer of Google that ${what} is not taken for an end`, async () => {
    await assert.rejects(read(page), /another form|do not end/)
  })
