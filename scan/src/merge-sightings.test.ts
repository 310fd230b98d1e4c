import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROWTH_MAX, growth } from '../../test/growth.ts'
import { type FileSighting, mergeSightings } from './merge-sightings.ts'
import type { SightingDraft } from './source.ts'

const seen = (source: string, name: string, more: Partial<SightingDraft> = {}): FileSighting => ({
  source,
  draft: {
    kind: 'account',
    name,
    stableKey: 'aws:arn:aws:iam::111122223333:role/deployer',
    where: { path: `${source}.json`, line: 1, repository: 'estate', inRepository: `${source}.json` },
    reaches: [],
    evidence: [source],
    environment: null,
    traits: [],
    ...more,
  },
})
const merged = (...all: FileSighting[]) => {
  const [sighting, ...others] = mergeSightings(all, new Map())
  assert.ok(sighting)
  assert.equal(others.length, 0)
  return sighting
}

test('a name is taken before an id, whatever file was read first', () => {
  const all = [
    seen('okta', 'Okta application 0oa1', { stableKey: 'okta:0oa1' }),
    seen('okta', 'Okta application Provisioner', { stableKey: 'okta:0oa1' }),
  ]
  for (const order of [all, all.toReversed()]) assert.equal(merged(...order).name, 'Okta application Provisioner')
})

test('what a live system says of an identity leads, whatever file was read first', () => {
  const all = [seen('attested', 'the bot'), seen('github-actions', 'arn'), seen('aws', 'role deployer')]
  for (const order of [all, all.toReversed()]) {
    const sighting = merged(...order)
    assert.equal(sighting.source, 'aws')
    assert.equal(sighting.name, 'role deployer')
    assert.deepEqual(sighting.alsoAt.map(({ path }) => path).sort(), ['attested.json', 'github-actions.json'])
  }
})

test('what somebody attested leads only where no system says anything', () => {
  assert.equal(merged(seen('attested', 'the bot'), seen('github-actions', 'arn')).source, 'github-actions')
  assert.equal(merged(seen('attested', 'the bot')).name, 'the bot')
})

test('an identity that one scan saw declared and live is both, in any order, and one of one kind is that', () => {
  const both = [seen('terraform-state', 'a'), seen('aws', 'b'), seen('secrets', 'c'), seen('aws', 'd')]
  for (const order of [both, both.toReversed()]) assert.equal(merged(...order).standing, 'both')
  assert.equal(merged(seen('secrets', 'a'), seen('terraform-state', 'b')).standing, 'declared')
  assert.equal(merged(seen('secrets', 'a'), seen('aws', 'b')).standing, 'live')
  assert.equal(merged(seen('aws', 'a'), seen('aws', 'b')).standing, undefined, 'its source says it')
  assert.equal(merged(seen('secrets', 'a'), seen('env', 'b')).standing, undefined)
})

test('one identity that is seen many thousand times takes four times as long where it is seen four times as often', () => {
  const prepare = (length: number) => {
    const all = Array.from({ length }, (_, at) =>
      seen('aws', `a ${at}`, {
        where: { path: 'one.json', line: at, repository: 'estate', inRepository: 'one.json' },
        reaches: [{ what: `bucket ${at}`, access: 'read', because: 'x' }],
        evidence: [`line ${at}`],
      }),
    )
    return () => mergeSightings(all, new Map())
  }
  assert.ok(growth(prepare, 2_000) < GROWTH_MAX)
})
