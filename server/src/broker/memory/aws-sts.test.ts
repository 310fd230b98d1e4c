import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AwsCaller } from '../domain/aws-caller.ts'
import { createAwsSts } from './aws-sts.ts'

const CALLER: AwsCaller = { region: 'eu-west-1', partition: 'aws', headers: {} } as AwsCaller

test('one address that sends forged requests takes no more than its places before STS, and gives them back', async () => {
  const waiting: (() => void)[] = []
  const sts = createAwsSts({
    postForm: () => new Promise((resolve) => waiting.push(() => resolve({ value: {} } as never))),
  })
  const ask = (from: string) => sts.ask(CALLER, from)
  const flood = Array.from({ length: 40 }, () => ask('192.0.2.7'))
  assert.equal(waiting.length, 16)
  const ofNetwork = Array.from({ length: 40 }, (_, at) => ask(`2001:db8:1:2::${at + 1}`))
  assert.equal(waiting.length, 32, 'a network of IPv6 is one address')
  const other = ask('192.0.2.8')
  assert.equal(waiting.length, 33, 'others are asked about meanwhile')
  for (const answer of waiting) answer()
  const answers = await Promise.all([...flood, ...ofNetwork, other])
  const why = answers.map((answer) => ('why' in answer ? answer.why : ''))
  assert.equal(why.filter((text) => text === 'too many callers are being looked up').length, 2 * (40 - 16))
  void ask('192.0.2.7')
  assert.equal(waiting.length, 34)
})
