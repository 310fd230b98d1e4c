import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretsTaken } from './secrets-taken.ts'

// `@` stands for the dollar, which the linter takes for a mistake in a plain text.
const written = (text: string): string => text.replaceAll('@{', '${')
const taken = (text: string) => secretsTaken([{ name: written(text), line: 1 }]).map(({ name }) => name)

test('a secret is seen in every way of writing it that GitHub reads', () => {
  for (const [text, names] of [
    ['@{{ secrets.NPM }}', ['NPM']],
    ['@{{ SECRETS.npm }}', ['NPM']],
    ["@{{ secrets['NPM'] }}", ['NPM']],
    ['@{{ secrets . NPM }}', ['NPM']],
    ["@{{ secrets [ 'NPM' ] }}", ['NPM']],
    ["@{{ format('}}', secrets.NPM) }}", ['NPM']],
    ["@{{ format('it''s {0}', secrets.NPM) }}", ['NPM']],
    ['@{{ github.ref }} and @{{secrets.A||secrets.B}}', ['A', 'B']],
    [`@{{ ${'x || '.repeat(2_000)}secrets.LATE }}`, ['LATE']],
    ['@{{ secrets.GITHUB_TOKEN }}', []],
  ] as const)
    assert.deepEqual(taken(text), names, text.slice(0, 80))
})

test('a secret whose name is worked out counts as all of them', () => {
  for (const text of [
    '@{{ secrets[inputs.name] }}',
    "@{{ secrets[format('NPM_{0}', 'TOKEN')] }}",
    '@{{ toJSON(secrets) }}',
    '@{{ tojson( Secrets ) }}',
    '@{{ secrets.* }}',
    '@{{ secrets',
    "@{{ secrets['A' }}",
  ])
    assert.deepEqual(taken(text), ['*'], text)
})

test('the word alone is no secret: in a script, in quotes, or as a field of something else', () => {
  for (const text of [
    'echo secrets.NPM # rotate secrets',
    "@{{ format('secrets.NPM') }}",
    '@{{ inputs.secrets }}',
    '@{{ github.event.secrets.NPM }}',
    '@{{ steps.my-secrets.outputs.x }}',
  ])
    assert.deepEqual(taken(text), [], text)
})

test('the line is that of the use', () => {
  assert.deepEqual(secretsTaken([{ name: written('a\nb @{{ 1 }}\n@{{\n secrets.NPM }}'), line: 7 }]), [
    { name: 'NPM', line: 10 },
  ])
})
