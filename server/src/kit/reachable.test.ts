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

test('no private, local, tunnelled or metadata address may be reached, however it is written', () => {
  const reach = createReach([])
  for (const address of REFUSED) assert.equal(reach(address), 'refused', address)
  for (const address of PUBLIC) assert.equal(reach(address), 'public', address)
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
