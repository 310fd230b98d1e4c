import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { inventoryFilters } from '../../../migrations/0037-inventory.ts'
import { APPROVAL, bot, openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
import type { IdentityView } from '../identity-shape.ts'
import { markUsed } from '../store-use.ts'

const DAY_MS = 86_400_000

/** A register in which every filter tells some from others. */
const identityAt = (i: number) => ({
  ...bot(`${['orders', 'billing', 'search', 'search2'][i % 4]}-${i % 3 === 0 ? 'sync' : 'bot'}-${i}`),
  kind: i % 5 === 0 ? 'agent' : 'bot',
  owner: i % 7 === 0 ? 'search' : 'payments',
  environment: i % 2 === 0 ? 'production' : 'dev',
  classification: { ...bot().classification, blastRadius: i % 8 === 2 ? 'write-limited' : 'read-only' },
  ...(i % 16 === 2 ? { approval: APPROVAL } : {}),
  purpose: `copies ${i % 6 === 0 ? 'invoices' : 'orders'} to the warehouse`,
  expiresAt: `${(i % 9) * 10 + 20}d`,
  reviewAt: `${(i % 4) + 1}d`,
  upstream: i % 11 === 0 ? ['billing'] : [],
  ...(i % 4 === 1 ? { pipeline: `acme/orders/deploy.yml#${i % 8}` } : {}),
  ...(i % 6 === 1 ? { revocationProcedure: 'call the vendor, then delete the robot account' } : {}),
  tags: { ...bot().tags, application: `app-${i % 4}`, region: i % 10 === 0 ? 'eu west' : 'us' },
})

type Filter = readonly [object, (each: IdentityView, now: Date) => boolean]

const CREATED = '2026-11-22T12:00:20.000Z'
const before = (time: string | null, limit: Date) => time === null || new Date(time) < limit
const FILTERS: readonly Filter[] = [
  [{}, () => true],
  [{ kind: 'agent' }, (each) => each.kind === 'agent'],
  [{ environment: 'prod' }, (each) => each.environment === 'production'],
  [{ owner: 'search' }, (each) => each.owner.name === 'search'],
  [{ upstream: 'billing' }, (each) => each.upstream.includes('billing')],
  [{ state: 'quarantined' }, () => false],
  [{ tags: { region: 'eu west' } }, (each) => each.tags.region === 'eu west'],
  [
    { tags: { region: 'us', application: 'app-3' }, kind: 'agent' },
    (each) => each.tags.region === 'us' && each.tags.application === 'app-3' && each.kind === 'agent',
  ],
  [{ text: 'invoices' }, (each) => each.purpose.includes('invoices')],
  [{ text: 'Invoices WAREHOUSE' }, (each) => each.purpose.includes('invoices')],
  [{ text: 'no such words' }, () => false],
  [{ text: '!!' }, () => false],
  [{ text: 'search' }, (each) => /^search/.test(each.name)],
  [{ text: 'search-' }, (each) => /^search-/.test(each.name)],
  [{ text: 'billing-sync' }, (each) => /^billing-sync/.test(each.name)],
  [{ text: 'sear', environment: 'dev' }, (each) => /^sear/.test(each.name) && each.environment === 'dev'],
  [
    { text: 'orders', owner: 'search' },
    (each) => /orders/.test(each.name + each.purpose + each.tags.repository) && each.owner.name === 'search',
  ],
  [{ unusedSinceDays: 5 }, (each, now) => before(each.lastUsedAt, new Date(now.getTime() - 5 * DAY_MS))],
  [{ unusedSinceDays: 5, sort: 'name' }, (each, now) => before(each.lastUsedAt, new Date(now.getTime() - 5 * DAY_MS))],
  [
    { unusedSinceDays: 5, tags: { region: 'us' }, text: 'invoices' },
    (each, now) =>
      before(each.lastUsedAt, new Date(now.getTime() - 5 * DAY_MS)) &&
      each.tags.region === 'us' &&
      each.purpose.includes('invoices'),
  ],
  [{ sort: 'lastUsedAt', kind: 'agent' }, (each) => each.kind === 'agent'],
  [{ sort: 'lastUsedAt' }, () => true],
  [{ expiresBefore: '2027-01-01T00:00:00Z' }, (each) => before(each.expiresAt, new Date('2027-01-01T00:00:00Z'))],
  [
    { expiresBefore: '2027-01-01T00:00:00Z', unusedSinceDays: 5, sort: 'reviewAt' },
    (each, now) =>
      before(each.expiresAt, new Date('2027-01-01T00:00:00Z')) &&
      before(each.lastUsedAt, new Date(now.getTime() - 5 * DAY_MS)),
  ],
  [{ pipeline: 'acme/orders/deploy.yml#5' }, (each) => each.pipeline === 'acme/orders/deploy.yml#5'],
  [{ revocationProcedure: 'given' }, (each) => each.revocationProcedure !== null],
  [
    { revocationProcedure: 'missing', kind: 'agent' },
    (each) => each.revocationProcedure === null && each.kind === 'agent',
  ],
  [{ text: 'vendor robot' }, (each) => each.revocationProcedure !== null],
  [{ approvedBy: APPROVAL }, (each) => each.approvedBy === APPROVAL],
  [{ approvedBy: 'apr_other' }, () => false],
  [{ contact: 'head-search@example.com' }, (each) => each.owner.name === 'search'],
  [{ contact: team().technicalContact, kind: 'agent' }, (each) => each.kind === 'agent'],
  [{ contact: 'nobody@example.com' }, () => false],
  [{ createdAfter: CREATED }, (each) => each.createdAt >= CREATED],
  [{ createdBefore: CREATED, sort: 'name' }, (each) => each.createdAt < CREATED],
  [
    { createdAfter: '2026-11-22T12:00:05Z', createdBefore: CREATED, environment: 'dev' },
    (each) => each.createdAt >= '2026-11-22T12:00:05.000Z' && each.createdAt < CREATED && each.environment === 'dev',
  ],
  [{ sort: 'createdAt' }, () => true],
  [{ reviewBefore: '2026-11-25T00:00:00Z' }, (each) => before(each.reviewAt, new Date('2026-11-25T00:00:00Z'))],
]

const KEYS = {
  name: () => '',
  lastUsedAt: (each: IdentityView) => each.lastUsedAt ?? '',
  expiresAt: (each: IdentityView) => each.expiresAt,
  reviewAt: (each: IdentityView) => each.reviewAt,
  createdAt: (each: IdentityView) => each.createdAt,
}

const sortOf = (filter: object): keyof typeof KEYS => {
  if ('sort' in filter && typeof filter.sort === 'string' && filter.sort in KEYS)
    return filter.sort === 'name' ||
      filter.sort === 'lastUsedAt' ||
      filter.sort === 'reviewAt' ||
      filter.sort === 'createdAt'
      ? filter.sort
      : 'expiresAt'
  if ('unusedSinceDays' in filter) return 'lastUsedAt'
  if ('expiresBefore' in filter) return 'expiresAt'
  if ('createdAfter' in filter) return 'createdAt'
  return 'reviewBefore' in filter ? 'reviewAt' : 'name'
}

onEveryEngine(
  'every filter and order gives, page by page, exactly what a look at all identities gives',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    await call('team.create', { ...team('search'), businessContact: 'head-search@example.com' })
    for (let i = 0; i < 60; i++) {
      await call('identity.create', identityAt(i))
      room.clock.advance(1000)
    }
    const all: IdentityView[] = (await call('identity.list', { limit: 200 })).items
    const uses = all.flatMap(({ id }, i) =>
      i % 3 === 0 ? [] : [{ identity: id, at: new Date(room.clock.now().getTime() - (i % 13) * DAY_MS) }],
    )
    await room.database.write((tx) => markUsed(tx, uses, room.clock.now()))
    const register: IdentityView[] = (await call('identity.list', { limit: 200 })).items
    assert.equal(register.length, 60)
    for (const [filter, holds] of FILTERS) {
      const key = KEYS[sortOf(filter)]
      const order = (each: IdentityView) => `${key(each).padEnd(24)} ${each.name}`
      const expected = register
        .filter((each) => holds(each, room.clock.now()))
        .map(order)
        .sort()
        .map((text) => text.slice(25))
      for (const limit of [7, 200]) {
        const names: string[] = []
        for (let cursor: string | undefined; ; ) {
          const page = await call('identity.list', { ...filter, limit, cursor })
          assert.ok(page.items.length <= limit)
          names.push(...page.items.map((each: IdentityView) => each.name))
          if (page.nextCursor === null) break
          cursor = page.nextCursor
        }
        assert.deepEqual(names, expected, `${JSON.stringify(filter)} by ${limit}`)
      }
    }
  },
)

onEveryEngine(
  'a page that ends the list has no cursor, and a name that is the whole text is found once',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    for (const name of ['orders', 'orders-sync', 'other']) await call('identity.create', bot(name))
    assert.equal((await call('identity.list', { limit: 3 })).nextCursor, null)
    const first = await call('identity.list', { text: 'orders', limit: 1 })
    const second = await call('identity.list', { text: 'orders', limit: 1, cursor: first.nextCursor })
    assert.deepEqual([first.items[0].name, second.items[0].name], ['orders', 'orders-sync'])
    const exact = await call('identity.list', { text: 'orders-sync', limit: 1 })
    assert.deepEqual([exact.items[0].name, exact.nextCursor], ['orders-sync', null])
  },
)

onEveryEngine('a cursor is good for the list and the filters that it came from, and for nothing else', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  for (const name of ['one', 'two', 'three']) await call('identity.create', bot(name))
  const { nextCursor } = await call('identity.list', { limit: 1, kind: 'bot' })
  assert.equal((await call('identity.list', { limit: 1, kind: 'bot', cursor: nextCursor })).items[0].name, 'three')
  for (const input of [{ kind: 'agent' }, {}, { kind: 'bot', sort: 'lastUsedAt' }])
    await assert.rejects(() => call('identity.list', { ...input, cursor: nextCursor }), { code: 'bad_cursor' })
  await assert.rejects(() => call('team.list', { cursor: nextCursor }), { code: 'bad_cursor' })
  const [body, mac] = String(nextCursor).split('.')
  const forged = Buffer.from('[0,"zzz"]').toString('base64url')
  for (const cursor of [`${forged}.${mac}`, `${body}.`, '', 'x', `${body}.${'A'.repeat(22)}`])
    await assert.rejects(() => call('identity.list', { limit: 1, kind: 'bot', cursor }), { code: 'bad_cursor' })
})

onEveryEngine('what is no filter is refused, and an owner or parent that is not there is not found', async (room) => {
  const { call } = openInventory(room)
  for (const input of [
    { name: 'x' },
    { limit: 0 },
    { limit: 201 },
    { text: '' },
    { unusedSinceDays: -1 },
    { kind: 'x' },
  ])
    await assert.rejects(() => call('identity.list', input), { code: 'invalid_input' }, JSON.stringify(input))
  for (const input of [{ owner: 'nobody' }, { parent: 'nobody' }])
    await assert.rejects(() => call('identity.list', input), { code: 'not_found' })
})

onEveryEngine('identities that were registered before a filter was there are found by it', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  for (const i of [1, 2, 5, 7]) await call('identity.create', { ...identityAt(i), owner: 'payments' })
  const terms = () =>
    room.database.reader
      .selectFrom('inventory_identity_term')
      .select(['term', 'name'])
      .orderBy('term')
      .orderBy('name')
      .execute()
  const filed = await terms()
  await room.database.write(async (tx) => {
    await sql`delete from inventory_identity_term where term like 'pipeline:%' or term like 'approvedBy:%'
      or term like 'revocationProcedure:%' or term in ('w:vendor', 'w:robot')`.execute(tx)
    for (const index of ['identity_created', 'team_technical', 'team_business'])
      await sql`drop index ${sql.ref(`inventory_${index}`)}`.execute(tx)
    await inventoryFilters.up(tx)
  })
  assert.deepEqual(await terms(), filed)
})
