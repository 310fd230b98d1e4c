import assert from 'node:assert/strict'
import { openObserve } from '../../../test/observe.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import type { AnyTx } from '../../kit/database.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import { createReport, moveFindings, reopenFindings } from '../index.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const scanned = (fingerprint: string, over = {}) => ({
  fingerprint: fingerprint.padEnd(8, '0'),
  rule: 'secret-in-file',
  severity: 'high',
  confidence: 'high',
  owasp: 'NHI2',
  title: 'a key in a file',
  why: 'whoever reads the file has it',
  fix: 'rotate it\nand move it to a store',
  where: { path: 'deploy/.env', line: 3 },
  evidence: ['AWS key …ABCD'],
  sighting: 'env:deploy/.env',
  ...over,
})

const reported = (fingerprint: string, over: Partial<ReportedFinding> = {}): ReportedFinding => ({
  ...scanned(fingerprint),
  severity: 'medium',
  confidence: 'high',
  identity: 'nhi_two',
  where: null,
  evidence: { credential: 'crd_1' },
  ...over,
})

const noIdentities = { find: async () => undefined }

const report = (room: Room, findings: readonly ReportedFinding[]) =>
  room.database.write((tx: AnyTx) => createReport({ identities: noIdentities })(tx, findings, room.clock.now()))

onEveryEngine(
  'findings of scans and rooms are one table: seen again, closed, opened again, accepted',
  async (room, t) => {
    const { call, close, ports } = await openObserve(room)
    const { clock } = room
    const importing = (findings: readonly object[], over = {}) =>
      call('finding.import', { source: 'repo:shop', scannedAt: clock.now().toISOString(), findings, ...over })
    const states = async (filter = {}) =>
      Object.fromEntries(
        (await call('finding.list', { limit: 200, ...filter })).items.map(
          (item: { fingerprint: string; state: string }) => [item.fingerprint, item.state],
        ),
      )

    await t.test('the same fingerprint of the same source is one finding, whose last sight moves', async () => {
      await importing([scanned('a'), scanned('b')])
      const [first] = (await call('finding.list', { source: 'repo:shop' })).items
      clock.advance(DAY_MS)
      await importing([scanned('a', { severity: 'critical' }), scanned('a'), scanned('b')])
      const items = (await call('finding.list', {})).items
      assert.equal(items.length, 2)
      const again = await call('finding.show', { finding: first.id })
      assert.equal(again.firstSeenAt, first.firstSeenAt)
      assert.equal(Date.parse(again.lastSeenAt) - Date.parse(first.lastSeenAt), DAY_MS)
      assert.deepEqual([again.where, again.evidence], ['deploy/.env:3', { 1: 'AWS key …ABCD' }])
    })
    await t.test(
      'findings follow a sighting to the identity that it becomes, and away from one that it is not',
      async () => {
        await importing([scanned('follows', { sighting: 'env:later' }), scanned('stays', { sighting: 'env:other' })], {
          source: 'repo:later',
        })
        const whose = async () =>
          Object.fromEntries(
            (await call('finding.list', { source: 'repo:later' })).items.map(
              ({ fingerprint, identity }: Record<string, string>) => [fingerprint, identity],
            ),
          )
        const move = (
          from: string | null,
          to: { id: string; ownerId: string } | null,
          sighting: string | null = 'env:later',
        ) => room.database.write((tx: AnyTx) => moveFindings(tx, { sighting, from, to }))
        const [two, three] = [
          { id: 'nhi_two', ownerId: 'team_two' },
          { id: 'nhi_three', ownerId: 'team_two' },
        ]
        assert.deepEqual(await move(null, two), [null, 'nhi_two'])
        assert.deepEqual(await whose(), { follows0: 'nhi_two', stays000: null })
        assert.deepEqual(await move(null, three), [], 'what is somebody’s already stays that')
        assert.deepEqual(await move('nhi_two', null), ['nhi_two', null])
        assert.deepEqual(await whose(), { follows0: null, stays000: null })
        await move(null, two)
        assert.deepEqual(await move('nhi_two', three, null), ['nhi_two', 'nhi_three'])
        assert.deepEqual(await whose(), { follows0: 'nhi_three', stays000: null })
        await assert.rejects(move(null, two, null), /of nothing/)
        await importing([], {
          source: 'repo:later',
          scannedAt: new Date(clock.now().getTime() + 1).toISOString(),
          complete: true,
        })
      },
    )
    await t.test('a finding about a sighting that is an identity is about that identity', async () => {
      await importing([scanned('sighted', { sighting: 'env:of-two' })], { source: 'repo:of-two' })
      const [item] = (await call('finding.list', { source: 'repo:of-two' })).items
      assert.equal(item.identity, 'nhi_two')
      await importing([], {
        source: 'repo:of-two',
        scannedAt: new Date(clock.now().getTime() + 1).toISOString(),
        complete: true,
      })
    })
    await t.test('what a room reports stands beside it, and no import touches it', async () => {
      await report(room, [reported('a'), reported('own')])
      assert.equal((await call('finding.list', { identity: 'orders-sync', state: 'open' })).items.length, 2)
      await assert.rejects(importing([], { source: 'reeve', complete: true }), { code: 'source_reserved' })
    })
    await t.test('a complete scan closes what it no longer sees, over all its batches', async () => {
      clock.advance(1000)
      await importing([scanned('a')])
      assert.equal((await importing([scanned('c')], { complete: true })).closed, 1)
      assert.deepEqual(await states({ source: 'repo:shop' }), {
        a0000000: 'open',
        b0000000: 'closed',
        c0000000: 'open',
      })
      assert.deepEqual(Object.values(await states({ source: 'reeve' })), ['open', 'open'])
    })
    await t.test('what is seen again opens again', async () => {
      clock.advance(1000)
      await importing([scanned('b')])
      assert.equal((await states({ source: 'repo:shop' })).b0000000, 'open')
    })
    await t.test('an older scan that arrives late opens nothing that a later one saw no more', async () => {
      const source = 'repo:late'
      const at = (seconds: number) => new Date(clock.now().getTime() - 60_000 + seconds * 1000).toISOString()
      await importing([scanned('a')], { source, scannedAt: at(1), complete: true })
      await importing([], { source, scannedAt: at(3), complete: true })
      await importing([scanned('a')], { source, scannedAt: at(2), complete: true })
      assert.deepEqual(await states({ source }), { a0000000: 'closed' })
      await importing([scanned('a')], { source, scannedAt: at(4) })
      assert.deepEqual(await states({ source }), { a0000000: 'open' })
      await importing([], { source, scannedAt: at(5), complete: true })
    })
    await t.test('an older scan that arrives late closes nothing that a later one saw', async () => {
      const scannedAt = new Date(clock.now().getTime() - 500).toISOString()
      await importing([scanned('a'), scanned('c')], { scannedAt, complete: true })
      assert.equal((await states({ source: 'repo:shop' })).b0000000, 'open')
      const tomorrow = new Date(clock.now().getTime() + DAY_MS).toISOString()
      await assert.rejects(importing([], { scannedAt: tomorrow }), { code: 'scan_in_the_future' })
    })
    await t.test('accepted with a reason until a moment, it opens again by itself, and that is recorded', async () => {
      const [item] = (await call('finding.list', { rule: 'secret-in-file', source: 'repo:shop' })).items
      const accept = (over = {}) => {
        const expiresAt = new Date(clock.now().getTime() + 7 * DAY_MS).toISOString()
        return call('finding.accept', { finding: item.id, reason: 'test key', expiresAt, ...over })
      }
      for (const days of [0, 181]) {
        const expiresAt = new Date(clock.now().getTime() + days * DAY_MS).toISOString()
        await assert.rejects(accept({ expiresAt }), { code: 'acceptance_out_of_range' })
      }
      await assert.rejects(accept({ reason: undefined }), { code: 'invalid_input' })
      await assert.rejects(accept({ finding: 'fnd_x' }), { code: 'not_found' })
      await assert.rejects(accept({ expiresAt: '2027-02-30' }), { code: 'invalid_input' })
      const accepted = await accept({ expiresAt: '7d' })
      assert.deepEqual([accepted.state, accepted.accepted.reason], ['accepted', 'test key'])
      await importing([scanned(item.fingerprint)])
      assert.equal((await call('finding.show', { finding: item.id })).state, 'accepted')
      const { database, changes, random } = room
      const job = reopenFindings({
        database,
        identities: ports.identities,
        changes,
        random,
        committed: () => undefined,
      })
      await job.run(clock.now())
      assert.equal((await call('finding.show', { finding: item.id })).state, 'accepted')
      clock.advance(7 * DAY_MS)
      await job.run(clock.now())
      await job.run(clock.now())
      const reopened = await call('finding.show', { finding: item.id })
      assert.deepEqual([reopened.state, reopened.accepted], ['open', null])
      const events = (await room.events()).filter(({ kind }) => kind === 'observe.finding.reopen')
      assert.deepEqual(
        events.map(({ evidence }) => evidence.finding),
        [item.id],
      )
    })
    await t.test('what is accepted, goes and comes again is accepted until its end, and open after it', async () => {
      const source = 'repo:comes-again'
      const seen = async (findings: readonly object[]) => {
        clock.advance(1000)
        await importing(findings, { source, complete: true })
        const [item] = (await call('finding.list', { source })).items
        return item
      }
      const { id } = await seen([scanned('again')])
      const accepted = await call('finding.accept', { finding: id, reason: 'being moved', expiresAt: '7d' })
      assert.equal((await seen([])).state, 'closed')
      const back = await seen([scanned('again')])
      assert.deepEqual([back.state, back.accepted, back.closedAt], ['accepted', accepted.accepted, null])
      await seen([])
      clock.advance(7 * DAY_MS)
      const later = await seen([scanned('again')])
      assert.deepEqual([later.state, later.accepted], ['open', null])
      await seen([])
    })
    await t.test('a closed one is not accepted', async () => {
      clock.advance(1000)
      await importing([], { complete: true })
      const [item] = (await call('finding.list', { state: 'closed' })).items
      const expiresAt = new Date(clock.now().getTime() + DAY_MS).toISOString()
      await assert.rejects(call('finding.accept', { finding: item.id, reason: 'x', expiresAt }), {
        code: 'finding_closed',
      })
      await assert.rejects(call('finding.show', { finding: 'fnd_x' }), { code: 'not_found' })
    })
    await close()
  },
)

onEveryEngine(
  'the list is ordered worst first, then newest, and pages without losing or repeating any',
  async (room) => {
    const { call, close } = await openObserve(room)
    const severities = ['low', 'critical', 'medium', 'high'] as const
    for (let at = 0; at < 40; at++) {
      if (at % 3 === 0) room.clock.advance(1000)
      const owasp = at % 5 === 0 ? 'NHI7' : 'NHI2'
      await report(room, [
        reported(`f${at}-`, { severity: severities[at % 4] ?? 'low', owasp, rule: `rule-${at % 2}` }),
      ])
    }
    const paged = async (filter: object, limit: number) => {
      const found: { id: string; severity: string; firstSeenAt: string }[] = []
      let cursor: string | undefined
      do {
        const page = await call('finding.list', { ...filter, limit, ...(cursor === undefined ? {} : { cursor }) })
        found.push(...page.items)
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      return found
    }
    const all = await paged({}, 7)
    assert.equal(new Set(all.map(({ id }) => id)).size, 40)
    const rank = { critical: 0, high: 1, medium: 2, low: 3 } as const
    const places = all.map(({ severity, firstSeenAt }) => [
      rank[severity as keyof typeof rank],
      -Date.parse(firstSeenAt),
    ])
    assert.deepEqual(
      places,
      places.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d),
    )
    assert.equal((await paged({ severity: 'critical' }, 3)).length, 10)
    assert.equal((await paged({ owasp: 'NHI7', state: 'open' }, 3)).length, 8)
    assert.equal((await paged({ rule: 'rule-1', identity: 'nhi_two' }, 9)).length, 20)
    assert.equal((await paged({ identity: 'nobody' }, 9)).length, 0)
    const { nextCursor } = await call('finding.list', { limit: 1 })
    await assert.rejects(call('finding.list', { limit: 1, rule: 'rule-1', cursor: nextCursor }), { code: 'bad_cursor' })
    await close()
  },
)

onEveryEngine('whoever a finding was about and whoever it is about now are both told of', async (room) => {
  const { call, close } = await openObserve(room)
  const told: string[] = []
  room.changes.follow('finding', {
    changed: (keys) => void told.push(...keys),
    reset: () => undefined,
  })
  const after = async (doing: Promise<unknown>) => {
    told.length = 0
    await doing
    await room.changes.catchUp()
    return [...told].sort()
  }
  const importing = (identity?: string) =>
    call('finding.import', {
      source: 'repo:shop',
      scannedAt: room.clock.now().toISOString(),
      findings: [scanned('a', identity === undefined ? {} : { identity })],
    })
  assert.deepEqual(await after(importing('orders-api')), ['nhi_one'])
  assert.deepEqual(await after(importing('orders-sync')), ['nhi_one', 'nhi_two'])
  assert.deepEqual(await after(importing()), ['nhi_two'])
  await close()
})
