import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReach } from './reachable.ts'

const REFUSED = [
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '168.63.129.16'],
  ...['169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.168.1.1', '198.18.0.1'],
  ...['192.0.2.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::7f00:1'],
  ...['64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1'],
  ...['fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '4000::1'],
  ...['', 'localhost', '127.1', '0x7f000001', '2130706433', '127.0.0.1%lo', '1.2.3', ' 8.8.8.8'],
]
const PUBLIC = ['8.8.8.8', '1.1.1.1', '140.82.112.3', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']

test('S1: no private, local, tunnelled or metadata address may be reached, however it is written', () => {
  const reach = createReach([])
  for (const address of REFUSED) assert.equal(reach(address), 'refused', address)
  for (const address of PUBLIC) assert.equal(reach(address), 'public', address)
})

// The ways in which one address is written that some program or other reads as it.
const SPELLINGS: readonly ((parts: readonly number[]) => string)[] = [
  (parts) => parts.join('.'),
  (parts) => `${parts.join('.')}.`,
  (parts) => String(wholeOf(parts)),
  (parts) => `0x${wholeOf(parts).toString(16)}`,
  (parts) => `0${wholeOf(parts).toString(8)}`,
  (parts) => parts.map((part) => `0x${part.toString(16)}`).join('.'),
  (parts) => parts.map((part) => `0${part.toString(8)}`).join('.'),
  ([first = 0, ...rest]) => `${first}.${wholeOf([0, ...rest])}`,
  (parts) => `[::ffff:${parts.join('.')}]`,
  (parts) => `[::ffff:${pairsOf(parts)}]`,
  (parts) => `[::${parts.join('.')}]`,
  (parts) => `[64:ff9b::${pairsOf(parts)}]`,
  (parts) => `[2002:${pairsOf(parts)}::]`,
  (parts) => `someone@${parts.join('.')}`,
  (parts) => parts.join('。'),
]
const wholeOf = (parts: readonly number[]): number => parts.reduce((sum, part) => sum * 256 + part, 0)
const pairsOf = (parts: readonly number[]): string =>
  [parts.slice(0, 2), parts.slice(2)].map((pair) => wholeOf(pair).toString(16)).join(':')

test('S1: an address that may not be reached is refused in every spelling, as it is and as a URL reads it', (t) => {
  const reach = createReach([])
  const blocked = REFUSED.filter((address) => /^\d+(?:\.\d+){3}$/.test(address))
  let spelled = 0
  for (const address of blocked)
    for (const spell of SPELLINGS) {
      const text = spell(address.split('.').map(Number))
      assert.equal(reach(text.replaceAll(/[[\]]/g, '')), 'refused', text)
      if (URL.canParse(`https://${text}/`))
        assert.equal(reach(new URL(`https://${text}/`).hostname.replaceAll(/[[\]]/g, '')), 'refused', `URL of ${text}`)
      spelled++
    }
  assert.ok(spelled >= 150)
  t.diagnostic(`S1: ${spelled} spellings of ${blocked.length} addresses, and ${REFUSED.length} addresses as they are`)
})

test('a network that is configured may be reached, and no other with it', () => {
  const reach = createReach(['127.0.0.0/8', '10.2.0.0/16', 'fd00:1::/32', '192.168.1.7'])
  const configured = ['127.0.0.1', '10.2.3.4', 'fd00:1::7', '192.168.1.7']
  for (const address of configured) assert.equal(reach(address), 'configured', address)
  const others = [
    '10.3.0.1',
    '192.168.1.8',
    'fd00:2::7',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.2.3.4',
    '169.254.169.254',
  ]
  for (const address of others) assert.equal(reach(address), 'refused', address)
  assert.equal(reach('8.8.8.8'), 'public')
})
