import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy } from '../../test/fakes/policy.ts'
import { onEveryEngine } from '../../test/room.ts'
import { Fault } from '../kit/fault.ts'
import { uriProblem } from './domain/resource.ts'

const OPEN = 'https://orders.example/open'
const CLOSED = 'https://orders.example/closed'

const SEPARATORS = ['//', '/./', '/../', '/%2e/', '/%2e%2e/', '/%2E%2E/', '/.%2e/', '/..%2f', '%2f', '%2F', '%252f']
const MORE_SEPARATORS = [
  '\\',
  '%5c',
  '%5C',
  '/\\',
  '\\/',
  '/..;/',
  '/;x/',
  ';/',
  '/%c0%ae%c0%ae/',
  '/%c0%af',
  '/%e0%80%af',
]
const WIDE = ['\u2215', '\u2044', '\uff0f', '/\uff0e\uff0e/', '/\u2025/', '/\u200b/', '/\u00ad/', '/\ufeff/', '\u29f8']
const TAILS = [
  '/',
  '.',
  '/.',
  '/..',
  '//',
  ' ',
  '%20',
  '%00',
  '\0',
  '\t',
  '\n',
  '\r\n',
  ';x',
  ';x=1',
  '?',
  '?a=1',
  '#',
  '#a',
]
const MORE_TAILS = [
  '%3f',
  '%23',
  '%2e',
  '+',
  '%2b',
  '*',
  '%2a',
  '/*',
  '{}',
  '$',
  '%',
  '%zz',
  '\u200d',
  '\u0301',
  ',',
  '&',
  '~',
  '.json',
]
const HOSTS = [
  'ORDERS.example',
  'orders.EXAMPLE',
  'orders.example.',
  'orders.example:443',
  'orders.example:0443',
  'orders%2eexample',
]
const MORE_HOSTS = [
  '\u006frders.example',
  'orders\u3002example',
  'orders\uff0eexample',
  'or\u00adders.example',
  'user@orders.example',
  'orders.example:80',
  'orders.example@evil.example',
  '\u043erders.example',
]
const SCHEMES = [
  'HTTPS://',
  'Https://',
  'https:/',
  'https:',
  'https:\\\\',
  '//',
  ' https://',
  'http://',
  'https:///',
  'https\u003a//',
]

/** Spellings that some parser takes for one of the two, or for one below the other. */
const corpus = (): readonly string[] => {
  const spelled = new Set<string>()
  for (const [base, name, other] of [
    [OPEN, 'open', 'closed'],
    [CLOSED, 'closed', 'open'],
  ] as const) {
    for (const between of [...SEPARATORS, ...MORE_SEPARATORS, ...WIDE]) {
      spelled.add(`https://orders.example${between}${name}`)
      spelled.add(`${base}${between}${other}`)
      spelled.add(`https://orders.example/x${between}${name}`)
    }
    for (const tail of [...TAILS, ...MORE_TAILS]) spelled.add(`${base}${tail}`)
    for (const host of [...HOSTS, ...MORE_HOSTS]) spelled.add(`https://${host}/${name}`)
    for (const scheme of SCHEMES) spelled.add(`${scheme}orders.example/${name}`)
    const upper = name.toUpperCase()
    const letters = [upper, `${upper[0]}${name.slice(1)}`, name.replace('o', '\uff4f'), name.replace('o', '\u043e')]
    for (const one of [...letters, name.replace('o', '%6f'), name.replace('o', '%4F'), name.replace('o', 'o\u0308')])
      spelled.add(`https://orders.example/${one}`)
  }
  for (const plain of [OPEN, CLOSED]) spelled.delete(plain)
  return [...spelled]
}

onEveryEngine('P2: no spelling of a resource or an action is allowed but its own', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  for (const [name, uri] of [
    ['open', OPEN],
    ['closed', CLOSED],
  ])
    await policy.call('policy.resource.create', {
      name: `orders-${name}`,
      uri,
      environment: 'production',
      sensitivity: 'internal',
      actions: [
        { name: 'orders.read', effect: 'read' },
        { name: 'orders.write', effect: 'write' },
      ],
    })
  await policy.call('policy.grant.create', {
    identity: 'sync',
    resource: 'orders-open',
    actions: ['orders.read'],
    conditions: { instances: ['pod-*', 'pod+'] },
    expiresAt: '30d',
  })
  const isAllowed = async (over: object): Promise<boolean> => {
    const asked = { identity: 'sync', resource: OPEN, action: 'orders.read', instance: 'pod+', ...over }
    try {
      return (await policy.call('policy.decision.can', asked)).isAllowed
    } catch (error) {
      assert.ok(error instanceof Fault, String(error))
      assert.ok(['invalid_input', 'resource_not_found'].includes(error.code), `${JSON.stringify(over)}: ${error.code}`)
      return false
    }
  }
  assert.equal(await isAllowed({}), true)
  assert.equal(await isAllowed({ resource: CLOSED }), false)
  const spellings = corpus()
  assert.ok(spellings.length >= 300, `${spellings.length}`)
  for (const resource of spellings) assert.equal(await isAllowed({ resource }), false, JSON.stringify(resource))
  for (const action of [
    'orders.*',
    '*',
    'orders.rea?',
    'ORDERS.READ',
    'orders%2eread',
    'orders.read ',
    'orders./../read',
  ])
    assert.equal(await isAllowed({ action }), false, action)
  // In what a grant was given, a star and a plus are letters.
  for (const instance of ['pod-1', 'pod-', 'podd', 'pod', 'pod-\u200b*'])
    assert.equal(await isAllowed({ instance }), false, instance)
  assert.equal(await isAllowed({ instance: 'pod-*' }), true)
})

test('P2: a resource has one spelling: any other is refused, or names what every parser takes for another place', () => {
  let refused = 0
  for (const uri of corpus()) {
    if (uriProblem(uri) !== undefined) {
      refused++
      continue
    }
    const { href } = new URL(uri)
    assert.ok(href === uri || href === `${uri}/`, uri)
    assert.ok(![OPEN, CLOSED].includes(href), uri)
    // Decoding it once more, or forgetting parameters, does not lead to a registered one either.
    const { origin, pathname } = new URL(decoded(href))
    assert.ok(origin !== 'https://orders.example' || !['/open', '/closed'].includes(pathname), uri)
  }
  assert.ok(refused > 200, `${refused} refused`)
})

const decoded = (uri: string): string => {
  try {
    return decodeURI(uri)
  } catch {
    return uri
  }
}
