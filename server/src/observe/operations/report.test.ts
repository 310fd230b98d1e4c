import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { openObserve } from '../../../test/observe.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { OutboundError, type OutboundMessage } from '../../kit/fetch.ts'
import { deliverReports, forgetOldReports, makeReports } from '../index.ts'
import { createReport } from '../report.ts'

const HOUR_MS = 60 * 60 * 1000
const SECRETS = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

const finding = (name: string, evidence: readonly string[] = ['privileged: admin']) => ({
  ...{
    fingerprint: `finding-${name}`,
    rule: 'posture/high-risk',
    severity: 'critical',
    confidence: 'high',
    owasp: 'NHI5',
  },
  ...{ title: 'high risk', why: 'it is', fix: 'mend it', evidence },
  where: { path: `${name}.tf`, line: 1 },
})

/** Observe whose reports are told to a receiver that answers as the test says. */
const openReports = async (room: Room) => {
  const observe = await openObserve(room, { hasReceiver: true })
  const sent: (OutboundMessage & { url: string })[] = []
  const receiver: { answer(): number } = { answer: () => 204 }
  const given = {
    ...{ database: room.database, clock: room.clock, random: room.random, committed: () => undefined },
    receiver: { url: 'https://hears.example/hook', secrets: SECRETS },
    findings: { report: createReport(observe.ports) },
  }
  const outbound = {
    post: async (url: string, message: OutboundMessage) => {
      sent.push({ url, ...message })
      return { status: receiver.answer(), value: undefined }
    },
  }
  const deliver = deliverReports({ ...given, outbound })
  const make = makeReports({ ...given, parts: observe.ports, schedule: '0 6 * * 1' })
  const scanned = async (...findings: readonly object[]) => {
    room.clock.advance(1000)
    const scannedAt = room.clock.now().toISOString()
    await observe.call('finding.import', { source: 'acme/estate', scannedAt, complete: true, findings })
  }
  const shown = async (report?: string) => {
    const { items } = await observe.call('report.show', { report })
    return items.map(({ finding: id, change, because }: Record<string, string>) => [id, change, because])
  }
  const last = async () => (await observe.call('report.list', {})).items[0]
  return { observe, sent, receiver, deliver, make, scanned, shown, last, given }
}

onEveryEngine('each report tells what is new, changed and gone since the one before, page by page', async (room) => {
  const { observe, scanned, shown } = await openReports(room)
  await assert.rejects(observe.call('report.show', {}), { code: 'report_not_found' })
  await scanned(finding('a'), finding('b'), { ...finding('other'), rule: 'posture/unused' })
  const first = await observe.call('report.make', {})
  assert.deepEqual([first.number, first.previous, first.standing, first.new], [1, null, 2, 2])
  const ids = (await observe.call('finding.list', { rule: 'posture/high-risk' })).items
  const idOf = (name: string) =>
    ids.find(({ fingerprint }: { fingerprint: string }) => fingerprint === `finding-${name}`)?.id
  await scanned(finding('a', ['privileged: root']), finding('c'))
  const second = await observe.call('report.make', {})
  const { previous, standing, changed, gone } = second
  assert.deepEqual([previous, standing, second.new, changed, gone], [first.id, 2, 1, 1, 1])
  const [[newest], ...rest] = await shown()
  assert.notEqual(newest, idOf('a'))
  assert.deepEqual(rest, [
    [idOf('a'), 'changed', ['now privileged: root', 'no longer privileged: admin']],
    [idOf('b'), 'gone', []],
  ])
  // What was gone is told once, and a report that was made stays as it was.
  const third = await observe.call('report.make', {})
  assert.deepEqual([third.standing, third.new, third.changed, third.gone], [2, 0, 0, 0])
  assert.equal((await shown(second.id)).length, 3)
  const page = await observe.call('report.show', { report: second.id, limit: 2 })
  const next = await observe.call('report.show', { report: second.id, limit: 2, cursor: page.nextCursor })
  assert.deepEqual([page.items.length, next.items.length, next.nextCursor], [2, 1, null])
  const begun = await observe.call('report.show', { limit: 1 })
  await observe.call('report.make', {})
  const rest3 = await observe.call('report.show', { limit: 1, cursor: begun.nextCursor })
  assert.equal(rest3.report.id, third.id, 'a report is read to its end, though a newer one was made meanwhile')
  const gones = await observe.call('report.show', { report: second.id, change: 'gone' })
  assert.deepEqual(
    gones.items.map((line: { finding: string }) => line.finding),
    [idOf('b')],
  )
  await observe.close()
})

onEveryEngine(
  'the schedule makes one report at its moment, or as soon as the server is back, and none twice',
  async (room) => {
    const { observe, make, last } = await openReports(room)
    const until = async (text: string) => {
      room.clock.advance(new Date(text).getTime() - room.clock.now().getTime())
      await make.run(room.clock.now())
      return (await last())?.number
    }
    assert.equal(await until('2027-03-01T05:59:25Z'), undefined)
    assert.equal(await until('2027-03-01T06:00:25Z'), 1)
    assert.equal(await until('2027-03-01T06:01:25Z'), 1)
    // It was down on Monday at six, and is back on Tuesday.
    assert.equal(await until('2027-03-09T11:00:25Z'), 2)
    // Two replicas at once: the second finds it made, even if it had begun before.
    room.clock.advance(6 * 24 * HOUR_MS)
    await Promise.all([make.run(room.clock.now()), make.run(room.clock.now())])
    assert.equal((await last()).number, 3)
    const made = (await room.events()).filter(({ kind }) => kind === 'observe.report.make')
    assert.deepEqual(
      made.map(({ actor }) => actor.principalType),
      ['automation', 'automation', 'automation'],
    )
    room.clock.advance(401 * 24 * HOUR_MS)
    await forgetOldReports(room.database).run(room.clock.now())
    assert.equal(await last(), undefined)
    await observe.close()
  },
)

onEveryEngine(
  'a report is told signed and at least once, in order, and what does not arrive is seen and found',
  async (room) => {
    const { observe, sent, receiver, deliver, scanned, last, given } = await openReports(room)
    const turn = () => deliver.run(room.clock.now())
    await scanned(finding('a'))
    const first = await observe.call('report.make', {})
    assert.equal(first.delivery.state, 'pending')
    receiver.answer = () => 503
    await turn()
    await turn()
    assert.equal(sent.length, 1, 'not before it is due again')
    const failed = (await last()).delivery
    assert.deepEqual([failed.state, failed.attempts, failed.lastError], ['pending', 1, 'it answers with status 503'])
    const second = await observe.call('report.make', {})
    for (let tries = 0; tries < 4; tries++) {
      room.clock.advance(HOUR_MS)
      await turn()
    }
    const findings = async () => (await observe.call('finding.list', { rule: 'report-undelivered' })).items
    assert.deepEqual(
      (await findings()).map(({ state }: { state: string }) => state),
      ['open'],
    )
    assert.equal(new Set(sent.map(({ headers }) => headers?.['webhook-id'])).size, 1, 'the second waits for the first')
    receiver.answer = () => {
      throw new OutboundError('no connection could be made or kept (ECONNREFUSED)')
    }
    room.clock.advance(HOUR_MS)
    await turn()
    receiver.answer = () => 204
    room.clock.advance(HOUR_MS)
    await turn()
    assert.deepEqual(
      (await observe.call('report.list', {})).items.map(
        ({ delivery }: { delivery: { state: string } }) => delivery.state,
      ),
      ['delivered', 'delivered'],
    )
    assert.deepEqual(
      (await findings()).map(({ state }: { state: string }) => state),
      ['closed'],
    )
    const ids = sent.map(({ headers }) => headers?.['webhook-id'])
    assert.deepEqual([...new Set(ids)], [`msg_${first.id}`, `msg_${second.id}`])
    assert.equal(new Set(sent.slice(0, -1).map(({ body }) => body)).size, 1, 'the same is told again')
    const { url, type, body, headers = {} } = sent.at(-2) ?? assert.fail()
    assert.deepEqual([url, type], ['https://hears.example/hook', 'application/json'])
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const signatures = SECRETS.map((key) => `v1,${createHmac('sha256', key).update(text).digest('base64')}`)
    assert.equal(headers['webhook-signature'], signatures.join(' '))
    const { data } = JSON.parse(body)
    assert.deepEqual(
      [data.report.id, data.report.new, data.lines.new.length, data.report.delivery],
      [first.id, 1, 1, undefined],
    )
    const kinds = (await room.events()).map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'observe.report.deliver').length, 2)
    assert.ok(kinds.includes('observe.finding.close'))
    // Who dies after the answer and before the record of it tells the same again.
    await observe.call('report.make', {})
    const crash = deliverReports({
      ...given,
      outbound: {
        post: async () => {
          throw new Error('the process died')
        },
      },
    })
    await assert.rejects(crash.run(room.clock.now()), /died/)
    await turn()
    assert.equal((await last()).delivery.state, 'pending', 'it is the other one’s for half a minute')
    room.clock.advance(31_000)
    await turn()
    assert.equal((await last()).delivery.state, 'delivered')
    await observe.close()
  },
)
