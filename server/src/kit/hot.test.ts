import assert from 'node:assert/strict'
import { draft } from '../../test/event-draft.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { EventDraft } from '../ledger/event.ts'
import type { AnyTx } from './database.ts'
import { coreFault } from './fault.ts'
import type { Pool } from './hot.ts'
import { inPlace, leavePlace } from './place.ts'

const call = (kind: string, over: Partial<EventDraft> = {}) => ({
  judge: async () => ({ drafts: [draft(kind, over)], value: kind }),
})

const kinds = async (room: Room): Promise<readonly string[]> => (await room.events()).map(({ kind }) => kind).sort()

onEveryEngine('a record that cannot be kept fails alone, and its neighbours in the batch are kept', async (room) => {
  // Larger than the log takes: nothing that a caller can send, but what a mistake of ours could make.
  const huge = { evidence: { text: 'x'.repeat(200_000) } }
  const results = await Promise.allSettled([
    ...Array.from({ length: 20 }, (_, at) => room.hot.run(call(`good.${at}`))),
    room.hot.run(call('bad.one', huge)),
    ...Array.from({ length: 20 }, (_, at) => room.hot.run(call(`fine.${at}`))),
  ])
  const failed = results.filter((result) => result.status === 'rejected')
  assert.deepEqual(
    failed.map(({ reason }) => reason.code),
    ['internal'],
  )
  const kept = await kinds(room)
  assert.equal(kept.length, 40)
  assert.ok(!kept.includes('bad.one'))
})

onEveryEngine('what an unproven caller claims is recorded, whatever characters it is of', async (room) => {
  const claims = ['\0', 'a\0b', '\ud800', 'x\udfffy', 'z'.repeat(9000), '\u2028', '\u202e', "'; drop table x; --"]
  await Promise.all(
    claims.map((name) =>
      room.hot.run(call('broker.token.issue', { actor: { principalType: 'anonymous', id: name, name } })),
    ),
  )
  assert.equal((await room.events()).length, claims.length)
})

onEveryEngine('a call whose judging fails is told so, and the others are answered', async (room) => {
  const bad = {
    judge: async () => {
      throw coreFault('denied')
    },
  }
  const [one, two] = await Promise.allSettled([room.hot.run(bad), room.hot.run(call('good'))])
  assert.equal(one.status === 'rejected' && one.reason.code, 'denied')
  assert.equal(two.status === 'fulfilled' && two.value, 'good')
})

onEveryEngine(
  'C2: of 1,000 concurrent calls with one single use, one succeeds and the rest are replays',
  async (room) => {
    const until = new Date(room.clock.now().getTime() + 60_000)
    const once = { space: 'test', key: 'jti-1', until }
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () =>
        room.hot.run({
          judge: async () => ({ drafts: [draft('use')], value: 'won' }),
          once: [once],
          replayed: () => ({ drafts: [draft('use', { outcome: 'refused', code: 'replayed' })], value: 'replay' }),
        }),
      ),
    )
    assert.equal(answers.filter((answer) => answer === 'won').length, 1)
    const events = await room.events()
    assert.equal(events.filter(({ outcome }) => outcome === 'done').length, 1)
    assert.equal(events.length, 1000)
  },
)

onEveryEngine('what was decided before a quarantine is not answered after it', async (room) => {
  let isStopped = false
  room.changes.follow('stop', {
    changed: () => {
      isStopped = true
    },
    reset: () => undefined,
  })
  const judge = async () =>
    isStopped
      ? { drafts: [draft('issue', { outcome: 'refused' as const })], value: coreFault('denied') }
      : { drafts: [draft('issue')], value: 'token' }
  // Another replica commits the stop; this one has not heard of it when it judges.
  await room.database.write((tx: AnyTx) => room.changes.signal(tx, [{ topic: 'stop', key: 'nhi_1' }]))
  assert.equal(isStopped, false)
  assert.ok((await room.hot.run<unknown>({ judge })) instanceof Error)
  const events = await room.events()
  assert.deepEqual(
    events.map(({ outcome }) => outcome),
    ['refused'],
  )
})

// More than the pool has connections, and few enough that none waits for one past its limit on a busy machine.
const WRITERS = 12
const TURNS = 8

onEveryEngine('many writes and hot calls at once never wait for each other in a circle', async (room) => {
  room.changes.follow('topic', {
    changed: async () => {
      await room.database.reader.selectFrom('kit_counter').selectAll().execute()
    },
    reset: () => undefined,
  })
  const write = (key: string) => room.database.write((tx: AnyTx) => room.changes.signal(tx, [{ topic: 'topic', key }]))
  const writer = async (name: number) => {
    for (let turn = 0; turn < TURNS; turn++) await write(`${name}.${turn}`)
  }
  const caller = async (name: number) => {
    for (let turn = 0; turn < TURNS; turn++) await room.hot.run(call(`hot.${name}`))
  }
  await Promise.all([
    ...Array.from({ length: WRITERS }, (_, at) => writer(at)),
    ...Array.from({ length: WRITERS }, (_, at) => caller(at)),
  ])
  assert.equal((await room.events()).length, WRITERS * TURNS)
})

onEveryEngine('draining waits for what was asked, also while it is still being judged', async (room) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const asked = room.hot.run({
    judge: async () => {
      await promise
      return { drafts: [draft('slow')], value: 'kept' }
    },
  })
  const drained = room.hot.drain().then(() => kinds(room))
  resolve()
  assert.deepEqual(await drained, ['slow'])
  await asked
})

const pool = (): Pool & { readonly written: object[][] } => {
  const written: object[][] = []
  return {
    written,
    write: (records) => {
      written.push([...records])
      return { drafts: [draft('page', { evidence: { records: records.length } })], kept: [] }
    },
  }
}

onEveryEngine('records of one pool that are committed together are one event, and none is lost', async (room) => {
  const one = pool()
  const records = Array.from({ length: 50 }, (_, at) => ({ at }))
  await Promise.all(
    records.map((record) =>
      room.hot.run({ judge: async () => ({ drafts: [], pooled: { pool: one, records: [record] }, value: record }) }),
    ),
  )
  assert.deepEqual(one.written.flat(), records)
  const events = await room.events()
  assert.ok(events.length < 5, `${events.length} events`)
  assert.equal(events.length, one.written.length)
})

onEveryEngine(
  'what was decided before a change is not answered after it where the newer judgement forbids that',
  async (room) => {
    let isStopped = false
    const one = pool()
    const stops: Promise<void>[] = []
    // As late as can be: after the commit that holds the record, before the answer.
    const stopping: Pool = {
      write: (records, given) => {
        const page = one.write(records, given)
        // Waited for at the end even if a quick disk lets the answer leave before it.
        if (!isStopped) stops.push(new Promise((done) => setImmediate(() => done(stop()))))
        return page
      },
    }
    const stop = async (): Promise<void> => {
      isStopped = true
      await room.database.write(async (tx: AnyTx) => room.changes.signal(tx, [{ topic: 'test', key: '*' }]))
      await room.changes.catchUp()
    }
    const asked = Array.from({ length: 200 }, () =>
      room.hot.run<string>({
        judge: async () => {
          const value = isStopped ? 'deny' : 'allow'
          return { drafts: [], pooled: { pool: stopping, records: [{ value }] }, value }
        },
        isOvertaken: (recorded, newest) => recorded === 'allow' && newest === 'deny',
      }),
    )
    const answers = await Promise.all(asked)
    await Promise.all(stops)
    // Whatever was answered is what was recorded last of that call.
    const last = one.written.flat().map((record) => Reflect.get(record, 'value'))
    assert.equal(last.filter((value) => value === 'deny').length, answers.filter((value) => value === 'deny').length)
    const after = await room.hot.run<string>({
      judge: async () => ({ drafts: [], value: isStopped ? 'deny' : 'allow' }),
    })
    assert.equal(after, 'deny')
  },
)

onEveryEngine('who breaks when it is answered costs no other of its commit its answer', async (room) => {
  const answers: string[] = []
  const ask = (name: string): Promise<void> =>
    new Promise((resolve) =>
      room.hot.ask(
        { judge: () => ({ drafts: [], value: name }) },
        (value) => {
          answers.push(value)
          resolve()
          if (value === 'breaks') throw new Error('of who is answered')
        },
        () => resolve(),
      ),
    )
  await Promise.all(['first', 'breaks', 'last'].map(ask))
  assert.deepEqual(answers, ['first', 'breaks', 'last'])
  await room.hot.drain()
})

onEveryEngine('who is judged again gives nobody’s place back, whoever came first', async (room) => {
  const left: string[] = []
  const askIn = (name: string, judge: () => Promise<{ drafts: EventDraft[]; value: string }>): Promise<string> =>
    inPlace(
      () => left.push(name),
      () => room.hot.run({ judge }),
    )
  let judgements = 0
  const asks = async () => {
    judgements += 1
    // As an issuer is asked that is not known yet.
    if (judgements > 1) leavePlace()
    return { drafts: [draft('asks')], value: 'asks' }
  }
  // Another replica changes something: who was judged before is judged again.
  await room.database.write((tx: AnyTx) => room.changes.signal(tx, [{ topic: 'stop', key: 'nhi_1' }]))
  const plain = async () => ({ drafts: [draft('plain')], value: 'plain' })
  assert.deepEqual(await Promise.all([askIn('first', plain), askIn('second', asks)]), ['plain', 'asks'])
  assert.deepEqual({ judgements, left }, { judgements: 2, left: [] })
})
