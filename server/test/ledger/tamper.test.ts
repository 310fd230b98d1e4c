import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { verifyExport } from '@reeve/sdk/ledger'
import { sql } from 'kysely'
import type { AnyTx } from '../../src/kit/database.ts'
import { onEveryEngine, type Room } from '../room.ts'
import { openLog, someEvent, type TestLog } from './log.ts'

const SIZE = 60

/** One way of changing the log behind its back; says which entry is the first bad one, where that can be known. */
type Attack = (tx: AnyTx, at: number) => Promise<{ readonly firstBadIndex?: number }>

const setColumn =
  (column: string, value: unknown): Attack =>
  async (tx, at) => {
    await tx
      .updateTable('ledger_entry')
      .set({ [column]: value })
      .where('seq', '=', at)
      .execute()
    return { firstBadIndex: at }
  }

const bodyAt = async (tx: AnyTx, at: number): Promise<string> =>
  (await tx.selectFrom('ledger_entry').select('body').where('seq', '=', at).executeTakeFirstOrThrow()).body

const editBody =
  (edit: (body: string, at: number) => string): Attack =>
  async (tx, at) => {
    const body = edit(await bodyAt(tx, at), at)
    await tx.updateTable('ledger_entry').set({ body }).where('seq', '=', at).execute()
    return { firstBadIndex: at }
  }

/** Flips one bit of a character that means something, so that the text says something else. */
const flipBit = (body: string, at: number): string => {
  const places = [...body.matchAll(/[a-z0-9]/g)].map(({ index }) => index)
  const place = places[(at * 7919) % places.length] ?? 0
  return body.slice(0, place) + String.fromCharCode(body.charCodeAt(place) ^ 1) + body.slice(place + 1)
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'an edited field': editBody((body) => body.replace('"per_', '"pex_')),
  'another outcome': editBody((body) => body.replace('"outcome":"done"', '"outcome":"failed"')),
  'one flipped bit': editBody(flipBit),
  'an added member': editBody((body) => body.replace('{', '{"a":1,')),
  'a member named twice': editBody((body) =>
    body.replace('{', '{"outcome":"done",').replace('"done"', '"fail"').concat(),
  ),
  'a body that is no JSON': editBody((body) => body.slice(1)),
  'an emptied body': editBody(() => '{}'),
  'another kind in the column that searches use': setColumn('kind', 'inventory.identity.show'),
  'another actor in the column that searches use': setColumn('actor_id', 'per_somebody_else'),
  'another time in the column that searches use': setColumn('at', 1),
  'another id': setColumn('id', 'evt_other'),
  'a deleted entry': async (tx, at) => {
    await tx.deleteFrom('ledger_entry').where('seq', '=', at).execute()
    return { firstBadIndex: at }
  },
  'a deleted entry whose place is closed': async (tx, at) => {
    await tx.deleteFrom('ledger_entry').where('seq', '=', at).execute()
    for (let seq = at + 1; seq < SIZE; seq++)
      await tx
        .updateTable('ledger_entry')
        .set({ seq: seq - 1 })
        .where('seq', '=', seq)
        .execute()
    return { firstBadIndex: at }
  },
  'two entries in each other’s place': async (tx, at) => {
    const other = (at + 1) % SIZE
    const [one, two] = [await bodyAt(tx, at), await bodyAt(tx, other)]
    await tx.updateTable('ledger_entry').set({ body: two }).where('seq', '=', at).execute()
    await tx.updateTable('ledger_entry').set({ body: one }).where('seq', '=', other).execute()
    return { firstBadIndex: Math.min(at, other) }
  },
  'an inserted entry': async (tx, at) => {
    for (let seq = SIZE - 1; seq >= at; seq--)
      await tx
        .updateTable('ledger_entry')
        .set({ seq: seq + 1 })
        .where('seq', '=', seq)
        .execute()
    const body = (await bodyAt(tx, at + 1)).replace('"per_', '"pex_')
    await tx
      .insertInto('ledger_entry')
      .columns(['id', 'seq', 'at', 'kind', 'outcome', 'actor_id', 'on_id', 'decision_id', 'request_id', 'body'])
      .expression((eb) =>
        eb
          .selectFrom('ledger_entry')
          .select([
            sql<string>`'evt_inserted'`.as('id'),
            sql<number>`${sql.lit(at)}`.as('seq'),
            'at',
            'kind',
            'outcome',
            'actor_id',
            'on_id',
            'decision_id',
            'request_id',
            sql<string>`${sql.lit(body)}`.as('body'),
          ])
          .where('seq', '=', at + 1),
      )
      .execute()
    return { firstBadIndex: at }
  },
  'a truncated tail': async (tx, at) => {
    await tx.deleteFrom('ledger_entry').where('seq', '>=', at).execute()
    // Nothing says at which of the missing entries it was cut: what no checkpoint proves is bad.
    return {}
  },
  'a leaf of the tree': async (tx, at) => {
    const hash = Buffer.alloc(32, 7).toString('base64')
    await tx.updateTable('ledger_node').set({ hash }).where('level', '=', 0).where('idx', '=', at).execute()
    return { firstBadIndex: at }
  },
  'a leaf that is not there': async (tx, at) => {
    await tx.deleteFrom('ledger_node').where('level', '=', 0).where('idx', '=', at).execute()
    return { firstBadIndex: at }
  },
  'a checkpoint with another size': async (tx) => {
    await sql`update ledger_checkpoint set note = replace(note, ${`\n${SIZE}\n`}, ${`\n${SIZE - 1}\n`})`.execute(tx)
    return {}
  },
}

class Undo extends Error {}

/** Does it, looks at the export as the transaction sees it, and takes it back. */
const attacked = async (room: Room, log: TestLog, attack: Attack, at: number) => {
  let seen: { due: { firstBadIndex?: number }; lines: readonly string[] } | undefined
  await assert.rejects(
    room.database.write(async (tx: AnyTx) => {
      const due = await attack(tx, at)
      seen = { due, lines: await log.export(tx) }
      throw new Undo()
    }),
    Undo,
  )
  assert.ok(seen)
  return { due: seen.due, found: await log.verify(seen.lines) }
}

onEveryEngine('every change of the log behind its back is found, and the first bad entry is named', async (room) => {
  const log = await openLog(room)
  for (let at = 0; at < SIZE; at++) await log.append([someEvent(`per_${at}`, `text ${at}`)])
  await log.sequencer.flush()
  assert.equal((await log.verify()).ok, true)
  let rounds = 0
  for (const [name, attack] of Object.entries(ATTACKS))
    for (let at = 0; at < SIZE; at += 7) {
      const { due, found } = await attacked(room, log, attack, at)
      assert.equal(found.ok, false, `${name} at ${at}`)
      assert.ok(found.firstBadIndex !== undefined || found.problem !== undefined, `${name} at ${at}`)
      if (due.firstBadIndex !== undefined) assert.equal(found.firstBadIndex, due.firstBadIndex, `${name} at ${at}`)
      rounds += 1
    }
  assert.equal(rounds, Object.keys(ATTACKS).length * 9)
  assert.equal((await log.verify()).ok, true)
  await log.close()
})

onEveryEngine(
  'what cannot be told from the export alone is found by the checkpoint that was kept elsewhere',
  async (room) => {
    const log = await openLog(room)
    await log.append([someEvent('per_1'), someEvent('per_2')])
    await log.sequencer.flush()
    await log.append([someEvent('per_3')])
    await log.sequencer.flush()
    await room.database.write(async (tx: AnyTx) => {
      await tx.deleteFrom('ledger_entry').where('seq', '>=', 2).execute()
      await tx.deleteFrom('ledger_checkpoint').where('size', '>', 2).execute()
    })
    const lines = await log.export()
    assert.equal((await log.verify(lines)).ok, true)
    const kept = await readFile(log.checkpointFile, 'utf8')
    const found = await verifyExport(lines, { vkey: log.keeper.vkey, expectCheckpoint: kept })
    assert.deepEqual([found.ok, found.firstBadIndex], [false, 2])
    await log.close()
  },
)

const TEXTS = (() => {
  const pieces = [
    '\n',
    '\r\n',
    '\r',
    '\u2028',
    '\u2029',
    '\u0085',
    '\u001b[31m',
    '\u009b31m',
    '"',
    '\\',
    '","seq":0}',
    '\u202e',
    '\u200b',
    '\u0000',
    '\u0007',
    '\ufeff',
    '{}',
    '\ud800',
    '\udfff',
    '</script>',
    '%0a',
    '`',
    "';--",
    '\u{e0041}',
    '\t',
  ]
  return Array.from({ length: 200 }, (_, at) => {
    const piece = (shift: number) => pieces[(at * (shift + 1) + shift * 7) % pieces.length] ?? ''
    return `log ${piece(0)}in${piece(1)}ject${piece(2)} ${at}`
  })
})()

// What could end a line, drive a terminal or turn the direction of text.
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

onEveryEngine(
  '200 texts that break logs are one line each, harmless to print, and mean what they meant',
  async (room) => {
    const log = await openLog(room)
    await log.append(TEXTS.map((text, at) => someEvent(`per_${at}${text}`, text)))
    await log.sequencer.flush()
    const lines = await log.export()
    assert.equal((await log.verify(lines)).ok, true)
    const entries = lines.filter((line) => line.startsWith('{"seq":'))
    assert.equal(entries.length, TEXTS.length)
    for (const line of lines) assert.doesNotMatch(line, HARMFUL)
    const texts = entries.map((line) => JSON.parse(line).entry.event.evidence.text)
    assert.deepEqual(texts.toSorted(), TEXTS.map((text) => text.toWellFormed()).toSorted())
    await log.close()
  },
)
