import assert from 'node:assert/strict'
import { bot, openInventory, team } from '../../test/inventory.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const ROLE = 'aws:arn:aws:iam::111122223333:role/deploy'
const SALT = '0123456789abcdef'

const at = (path: string, line = 1) => ({ path, line, repository: 'acme', inRepository: path })
const secret = (path: string, fingerprint = 'f'.repeat(32)) => ({
  trait: 'secret:aws-key',
  detail: 'AWS key',
  where: at(path),
  credential: { type: 'api-key', provider: 'AWS', fingerprint, tail: '7AbC' },
})
const sighting = (stableKey: string, change: object = {}) => ({
  source: 'aws',
  kind: 'account',
  name: stableKey.split('/').at(-1) ?? stableKey,
  stableKey,
  where: at('account.json'),
  ...change,
})

/** Imports a whole scan. */
const importing =
  (room: Room, call: (name: string, input: unknown) => Promise<Record<string, unknown>>) =>
  (name: string, sightings: readonly object[], scan: object = {}) =>
    call('sighting.import', {
      sightings,
      saltId: SALT,
      scan: { name, scannedAt: room.clock.now().toISOString(), complete: true, isJudged: true, ...scan },
    })

/** All that the reconciler writes but for its own record of the call. */
const tables = async ({ database }: Room) => {
  const names = ['sighting', 'sighting_scan', 'alias', 'secret', 'secret_place', 'reach', 'identity_seen'] as const
  const found: unknown[] = []
  for (const name of names)
    found.push(
      (
        await database.reader
          .selectFrom(`inventory_${name}` as never)
          .selectAll()
          .execute()
      )
        .map((row) => JSON.stringify(row))
        .sort(),
    )
  return found
}

onEveryEngine('the same scan a second time changes no row, and an older one takes nothing back', async (room) => {
  const { call } = openInventory(room)
  const take = importing(room, call)
  await call('team.create', team())
  await call('identity.create', bot('deployer'))
  await call('alias.add', { identity: 'deployer', key: ROLE })
  const seen = [
    sighting(ROLE, { traits: [secret('a.env')], reaches: [{ what: 'bucket', access: 'write', because: 'policy' }] }),
    sighting('aws:arn:aws:iam::111122223333:role/other', { ownerHint: { value: '@acme/shop', because: 'a tag' } }),
  ]
  const first = await take('acme/aws', seen)
  assert.deepEqual([first.created, first.joined, first.unmanaged, first.unowned], [2, 1, 1, 0])
  const before = await tables(room)
  const again = await take('acme/aws', seen)
  assert.deepEqual([again.created, again.changed, again.joined, again.gone, again.seenAgain], [0, 0, 0, 0, 2])
  assert.deepEqual(await tables(room), before)
  const scannedAt = new Date(room.clock.now().getTime() - DAY_MS).toISOString()
  await take('acme/aws', [sighting(ROLE, { name: 'as it was' })], { scannedAt })
  assert.deepEqual(await tables(room), before)
  const later = new Date(room.clock.now().getTime() + DAY_MS).toISOString()
  await assert.rejects(take('acme/aws', seen, { scannedAt: later }), { code: 'scan_ahead' })
})

onEveryEngine('one secret in five places of three scans is one secret with five places', async (room, t) => {
  const { call } = openInventory(room)
  const take = importing(room, call)
  const places = (count: number, name: string) => Array.from({ length: count }, (_, i) => secret(`${name}-${i}.env`))
  await take('shop', [sighting('credential:f', { source: 'secrets', traits: places(3, 'shop') })])
  await take('blog', [sighting('credential:f', { source: 'secrets', traits: places(1, 'blog') })])
  await take('jobs', [sighting('env:jobs', { source: 'env', traits: places(1, 'jobs') })])
  const secrets = async () => (await call('secret.list', {})).items
  const [one, ...more] = await secrets()
  assert.deepEqual([more.length, one.locations.length, one.tail], [0, 5, '7AbC'])
  assert.deepEqual(one.locations.map(({ place }: { place: string }) => place).sort(), [
    ...['blog-0.env:1', 'jobs-0.env:1', 'shop-0.env:1', 'shop-1.env:1', 'shop-2.env:1'],
  ])
  await t.test('under another salt it is another: nothing says that they are equal', async () => {
    await call('sighting.import', { sightings: [sighting('x', { traits: [secret('x.env')] })], saltId: 'f'.repeat(16) })
    assert.deepEqual(
      (await secrets()).map(({ locations }: { locations: unknown[] }) => locations.length).sort(),
      [1, 5],
    )
  })
  await t.test('what one scan no longer sees is what the others say, and gone when none does', async () => {
    room.clock.advance(1000)
    assert.equal((await take('shop', [])).gone, 0)
    assert.equal(
      (await secrets()).find(({ locations }: { locations: unknown[] }) => locations.length === 2)?.tail,
      '7AbC',
    )
    assert.equal((await take('blog', [])).gone, 1)
    const [gone] = (await call('sighting.list', { gone: true })).items
    assert.deepEqual([gone.stableKey, gone.goneAt], ['credential:f', room.clock.now().toISOString()])
    await take('blog', [sighting('credential:f', { source: 'secrets' })])
    assert.equal((await call('sighting.list', { gone: true })).items.length, 0)
  })
})

onEveryEngine(
  'sightings join identities by any stable key, never by name, and split and merge for good',
  async (room, t) => {
    const { call, ended, followed } = openInventory(room)
    const take = importing(room, call)
    await call('team.create', team())
    await call('team.create', team('search'))
    const deployer = await call('identity.create', bot('deployer'))
    const other = await call('identity.create', bot('other'))
    const identityOf = async (stableKey: string) =>
      (await call('sighting.list', { limit: 200 })).items.find(
        (each: { stableKey: string }) => each.stableKey === stableKey,
      )

    await t.test('an equal name joins nothing; a key of the sighting does', async () => {
      await call('alias.add', { identity: 'deployer', key: ROLE })
      await assert.rejects(call('alias.add', { identity: 'other', key: ROLE }), { code: 'key_taken' })
      await take('acme', [
        sighting('github-actions:acme#deployer', { name: 'deployer' }),
        sighting('github-actions:acme#deploy', { keys: [ROLE] }),
        sighting('client', { keys: [`client:${other.id}`] }),
        sighting('both', { keys: [ROLE, `client:${other.id}`] }),
      ])
      assert.equal((await identityOf('github-actions:acme#deployer')).identity, null)
      assert.equal((await identityOf('github-actions:acme#deploy')).identity, deployer.id)
      assert.equal((await identityOf('client')).identity, other.id)
      assert.equal((await identityOf('both')).identity, null)
    })
    await t.test('what was split from an identity no scan joins to it again', async () => {
      const { id } = await identityOf('github-actions:acme#deploy')
      const apart = await call('sighting.split', { sighting: id, reason: 'it deploys something else' })
      assert.deepEqual([apart.identity, apart.state], [null, 'unmanaged'])
      await assert.rejects(call('sighting.split', { sighting: id, reason: 'again' }), { code: 'sighting_unmanaged' })
      room.clock.advance(1000)
      const again = await take('acme', [sighting('github-actions:acme#deploy', { keys: [ROLE] })])
      assert.deepEqual([again.joined, again.unmanaged], [0, 1])
      await call('sighting.link', { sighting: id, identity: 'deployer' })
      const about = { sighting: 'github-actions:acme#deploy' }
      assert.deepEqual(
        followed,
        [
          { ...about, from: deployer.id, to: null },
          { ...about, from: null, to: deployer.id },
        ],
        'what was found about it goes along',
      )
    })
    await t.test('two identities that are one become one, with the history of it', async () => {
      const elsewhere = { ...bot('elsewhere'), owner: 'search' }
      await call('identity.create', elsewhere)
      const merge = (identity: string, into: string) => call('identity.merge', { identity, into, reason: 'one job' })
      for (const [one, into] of [
        ['deployer', 'deployer'],
        ['elsewhere', 'other'],
      ] as const)
        await assert.rejects(merge(one, into), { code: 'merge_refused' })
      const { merged } = await merge('deployer', 'other')
      assert.deepEqual([merged.name, merged.sightings, merged.keys], ['deployer', 1, 2])
      assert.equal((await call('identity.show', { identity: 'deployer' })).state, 'retired')
      assert.deepEqual(ended, [deployer.id])
      assert.deepEqual(followed.at(-1), { sighting: null, from: deployer.id, to: other.id })
      assert.equal((await identityOf('github-actions:acme#deploy')).identity, other.id)
      const history = (await call('alias.list', { identity: 'deployer' })).items
      assert.ok(
        history.every(({ ended: end }: { ended: { because: string } }) => end.because === 'merged into other: one job'),
      )
      const now = (await call('alias.list', { identity: 'other' })).items
      assert.deepEqual(now.map(({ key, because }: Record<string, string>) => [key, because]).sort(), [
        [ROLE, 'merged from deployer'],
        ['github-actions:acme#deploy', 'merged from deployer'],
      ])
      const alias = await call('alias.end', { alias: now[0].id, reason: 'it was replaced' })
      assert.equal(alias.ended.because, 'it was replaced')
      await assert.rejects(call('alias.end', { alias: now[0].id, reason: 'again' }), { code: 'alias_ended' })
      await assert.rejects(merge('elsewhere', 'deployer'), { code: 'merge_refused' })
    })
  },
)

onEveryEngine('drift is told in both directions, of what both kinds of source looked at', async (room) => {
  const { call } = openInventory(room)
  const take = importing(room, call)
  await call('team.create', team())
  await call('identity.create', bot('quiet'))
  await call('identity.create', bot('seen'))
  await call('alias.add', { identity: 'seen', key: `${ROLE}-a` })
  const drift = async (kind: string, more: object = {}) =>
    (await call('drift.list', { drift: kind, ...more })).items.map(({ name }: { name: string }) => name)
  room.clock.advance(40 * DAY_MS)
  // No export of what is live knows the second account: nothing is said about it.
  const declared = ['-a', '-b'].map((end) => sighting(`${ROLE}${end}`, { source: 'terraform-state' }))
  const unknown = sighting('aws:arn:aws:iam::999999999999:role/far', { source: 'terraform-state' })
  await take('infra', [...declared, unknown])
  assert.deepEqual([await drift('missing'), await drift('undeclared')], [[], []])
  await take('aws', [sighting(`${ROLE}-a`), sighting(`${ROLE}-c`)])
  assert.deepEqual([await drift('missing'), await drift('undeclared')], [['deploy-b'], ['deploy-c']])
  // One scan of a folder with a state and an export in it.
  await take('folder', [sighting(`${ROLE}-d`, { source: 'aws', standing: 'both' })])
  assert.deepEqual([await drift('missing'), await drift('undeclared')], [['deploy-b'], ['deploy-c']])
  const inBoth = (await call('sighting.list', {})).items.filter(({ name }: { name: string }) => name === 'deploy-d')
  assert.deepEqual(
    inBoth.map(({ isDeclared, isLive }: Record<string, boolean>) => [isDeclared, isLive]),
    [[true, true]],
  )
  assert.deepEqual(await drift('unregistered'), ['deploy-b', 'deploy-c', 'deploy-d', 'far'])
  assert.deepEqual(await drift('unseen'), ['quiet'])
  room.clock.advance(31 * DAY_MS)
  assert.deepEqual(await drift('unseen'), ['quiet', 'seen'])
  assert.deepEqual(await drift('unseen', { days: 60 }), ['quiet'])
  const { items, nextCursor } = await call('drift.list', { drift: 'unregistered', limit: 2 })
  const rest = await call('drift.list', { drift: 'unregistered', limit: 2, cursor: nextCursor })
  assert.deepEqual([items.length, rest.items.map(({ name }: { name: string }) => name)], [2, ['deploy-d', 'far']])
})

onEveryEngine('a rule adopts in bulk, and lineage is told in both directions', async (room, t) => {
  const { call, followed } = openInventory(room)
  const take = importing(room, call)
  await call('team.create', team())
  const { name: _, kind: __, environment: ___, ...as } = bot()
  const known = { environment: { value: 'production', because: 'its name' } }
  await take('acme', [
    sighting(ROLE, {
      ...known,
      creator: 'alice',
      traits: [secret('a.env')],
      reaches: [{ what: 'bucket', access: 'write', because: 'a policy' }],
    }),
    sighting(`${ROLE}er`, { ...known, name: 'deploy' }),
    sighting('aws:arn:aws:iam::111122223333:role/x'),
    sighting('env:shop', { source: 'env', name: 'shop', traits: [secret('shop.env')] }),
    sighting('jump', { source: 'kubernetes', reaches: [{ what: ROLE, access: 'admin', because: 'it may become it' }] }),
  ])
  await t.test('a dry run says what it would do, and does nothing', async () => {
    const tried = await call('adoption.create', { where: { source: 'aws' }, as, dryRun: true })
    assert.deepEqual([tried.adopted.length, tried.skipped.length, tried.hasMore], [2, 1, false])
    assert.equal((await call('identity.list', {})).items.length, 0)
    const first = await call('adoption.create', { where: { source: 'aws' }, as, dryRun: true, limit: 1 })
    assert.equal(first.hasMore, true)
    await assert.rejects(call('adoption.create', { where: {}, as }), { code: 'invalid_input' })
  })
  await t.test('what the rule fits becomes identities under names of their own; what cannot says why', async () => {
    const { adopted, skipped } = await call('adoption.create', { where: { source: 'aws' }, as })
    assert.match(adopted.map(({ name }: { name: string }) => name).join(' '), /^deploy deploy-[0-9a-f]{8}$/)
    assert.deepEqual(
      followed.slice(-2).map(({ from, to }) => [from, to]),
      adopted.map(({ identity }: { identity: string }) => [null, identity]),
    )
    assert.deepEqual(
      skipped.map(({ name, because }: Record<string, string>) => [name, because]),
      [['x', 'the scan could not tell its environment, and the rule says none: give it as.environment']],
    )
    const more = await call('adoption.create', { where: { nameBegins: 'x' }, as: { ...as, environment: 'test' } })
    assert.deepEqual(
      more.adopted.map(({ name, state }: Record<string, string>) => [name, state]),
      [['seen-x', 'active']],
    )
    const risky = {
      ...as,
      environment: 'production',
      classification: { ...as.classification, blastRadius: 'privileged' },
    }
    const asked = await call('adoption.create', { where: { source: 'env' }, as: risky })
    assert.deepEqual(
      asked.adopted.map(({ state, tier }: Record<string, string>) => [state, tier]),
      [['requested', 'high']],
    )
  })
  await t.test('from its creator over its secrets and users to what it reaches, and back', async () => {
    const { items } = await call('sighting.list', { limit: 200 })
    const { identity } = items.find(({ stableKey }: { stableKey: string }) => stableKey === ROLE)
    const told = await call('identity.reach', { identity })
    assert.deepEqual(
      told.creators.map(({ who }: { who: string }) => who),
      ['per_test_admin', 'alice'],
    )
    assert.deepEqual(
      told.secrets.map(({ place }: { place: string }) => place),
      ['a.env:1'],
    )
    assert.ok(
      told.users.some(({ name, because }: Record<string, string>) => name === 'shop' && because?.includes('secret')),
    )
    const reached = told.reaches.map(({ what, because }: Record<string, string>) => `${what}: ${because}`)
    assert.ok(reached.includes('bucket: aws: a policy') && reached.includes('orders: a grant'), reached.join())
    assert.deepEqual(
      told.reachedBy.map(({ name }: { name: string }) => name),
      ['jump'],
    )
  })
})
