import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSpiffeId, readSpiffePrefix, trustDomainOf } from './spiffe-id.ts'

const GOOD = [
  'spiffe://acme.example',
  'spiffe://acme.example/ns/prod/sa/orders',
  'spiffe://a/B',
  'spiffe://1.2-3_4/..a',
]

test('X3: a SPIFFE ID is taken apart as SPIFFE-ID §2 says, and nothing else is one', () => {
  for (const text of GOOD) {
    const read = readSpiffeId(text)
    assert.equal(`spiffe://${read?.trustDomain}${read?.path}`, text)
  }
  const wrong = new Set<unknown>([
    '',
    'spiffe:',
    'spiffe://',
    'spiffe:///path',
    'SPIFFE://acme.example/a',
    'spiffe:/acme.example/a',
    'https://acme.example/a',
    ' spiffe://acme.example/a',
    'spiffe://acme.example/a\n',
    'spiffe://user@acme.example/a',
    'spiffe://acme.example:443/a',
    'spiffe://acme.example/a?b',
    'spiffe://acme.example/a#b',
    'spiffe://[::1]/a',
    `spiffe://${'a'.repeat(256)}/a`,
    `spiffe://a/${'b'.repeat(2048 - 'spiffe://a/'.length + 1)}`,
    undefined,
    7,
    ['spiffe://acme.example/a'],
  ])
  // Every part that means another path, or could be written in another way, at the beginning, in the middle and at the end.
  const parts = [
    '',
    '.',
    '..',
    '%2f',
    '%2F',
    '%2e%2e',
    '%41',
    '*',
    ' ',
    '\u00e9',
    '\u2024',
    '\uff0f',
    'a b',
    'a\\b',
    'a:b',
    'a@b',
    'a;b',
    'a=b',
    'a+b',
    'a!b',
    'a,b',
    "a'b",
    'a$b',
    'a&b',
    'a(b',
    'a~b',
    'a\0b',
  ]
  for (const part of parts) {
    for (const path of [`/${part}`, `/a/${part}`, `/${part}/b`, `/a/${part}/b`, `/a/b/${part}/`, `/a/${part}/b/c`])
      wrong.add(`spiffe://acme.example${path}`)
    if (part !== '')
      for (const name of [part, `a${part}b`]) if (!/^[a-z0-9.]+$/.test(name)) wrong.add(`spiffe://${name}/a`)
  }
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    if (!/[A-Za-z0-9._/-]/.test(char)) wrong.add(`spiffe://acme.example/a${char}b`)
    if (!/[a-z0-9._/-]/.test(char)) wrong.add(`spiffe://acme${char}example/a`)
  }
  assert.ok(wrong.size + GOOD.length > 500, String(wrong.size))
  for (const text of wrong) assert.equal(readSpiffeId(text), undefined, JSON.stringify(text))
})

test('a trust domain has no path, and a beginning of paths ends between two of their parts', () => {
  assert.equal(trustDomainOf('spiffe://acme.example'), 'acme.example')
  for (const text of ['spiffe://acme.example/', 'spiffe://acme.example/a', 'acme.example'])
    assert.equal(trustDomainOf(text), undefined, text)
  assert.deepEqual(readSpiffePrefix('spiffe://acme.example/ns/*'), { trustDomain: 'acme.example', path: '/ns' })
  for (const text of ['spiffe://acme.example/*', 'spiffe://acme.example/ns*', 'spiffe://acme.example/../*', '*'])
    assert.equal(readSpiffePrefix(text), undefined, text)
})
