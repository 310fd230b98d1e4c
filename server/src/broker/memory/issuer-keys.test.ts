import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPlace } from '../../kit/place.ts'
import { createIssuerKeys } from './issuer-keys.ts'

const JWK = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

test('a team that names thousands of key sets pushes out its own, and those of no other team', async () => {
  const asked: string[] = []
  let nowMs = 0
  const getJson = async (url: string) => {
    asked.push(url)
    return { value: { keys: [JWK] }, freshSeconds: 3600 }
  }
  const keys = createIssuerKeys({ getJson } as never, { monotonicMs: () => nowMs })
  const find = (name: string, team: string) => keys.findInSet(`https://${name}.example/`, undefined, team)
  await find('one', 'team_small')
  await find('shared', '')
  for (let at = 0; at < 3000; at++) await find(`flood-${at}`, 'team_large')
  const before = asked.length
  // Fresh still; asked for again as little as before.
  nowMs = 60_000
  assert.equal((await find('one', 'team_small')).length, 1)
  assert.equal((await find('shared', '')).length, 1)
  assert.equal(asked.length, before)
  await find('flood-0', 'team_large')
  assert.equal(asked.length, before + 1, 'its own oldest was given up')
})

test('whoever is let in by one who waits for an issuer, and needs its keys as well, has it asked no second time', async () => {
  let asked = 0
  const getJson = async () => {
    asked += 1
    return { value: { keys: [JWK] }, freshSeconds: 3600 }
  }
  const keys = createIssuerKeys({ getJson } as never, { monotonicMs: () => 0 })
  const find = () => keys.findInSet('https://one.example/', undefined, 'team')
  const next: ReturnType<typeof find>[] = []
  const leave = (): void => {
    if (next.length === 0) next.push(inPlace(() => undefined, find))
  }
  await inPlace(leave, find)
  assert.equal(next.length, 1)
  await Promise.all(next)
  assert.equal(asked, 1)
})
