import assert from 'node:assert/strict'
import fc from 'fast-check'
import { sql } from 'kysely'
import { rounds } from '../../../test/rounds.ts'
import type { AnyTx } from '../../src/kit/database.ts'
import { COLUMN_NAMES } from '../../src/ledger/columns.ts'
import { onEveryEngine } from '../room.ts'
import { openLog, someEvent } from './log.ts'

const SIZE = 12
/** From here on no entry has a number. */
const FREE = 1000
/** Where checkpoints were signed, so that forgeries meet the middle of a range and its ends. */
const SIGNED = [5, 6, SIZE]
/** Ten thousand over both engines; PostgreSQL answers each query over a socket. */
const ROUNDS = {
  sqlite: rounds({ quick: 1_000, full: 8_000 }),
  postgres: rounds({ quick: 500, full: 2_000 }),
}

interface Choice {
  readonly i: number
  readonly j: number
  readonly pick: number
}

/** Changes the stored rows; gives the index that must be named, or undefined where the cut tail names none. */
type Attack = (tx: AnyTx, choice: Choice) => Promise<number | undefined>

const rowAt = (tx: AnyTx, seq: number) =>
  tx.selectFrom('ledger_entry').selectAll().where('seq', '=', seq).executeTakeFirstOrThrow()
const writeAt = (tx: AnyTx, seq: number, values: Readonly<Record<string, unknown>>) =>
  tx.updateTable('ledger_entry').set(values).where('seq', '=', seq).execute()
const deleteAt = (tx: AnyTx, seq: number) => tx.deleteFrom('ledger_entry').where('seq', '=', seq).execute()
const insert = (tx: AnyTx, row: Readonly<Record<string, unknown>>) =>
  tx.insertInto('ledger_entry').values(row).execute()

/** Numbers the entries from..to anew, `by` further; by way of numbers that nobody has, for no two may be the same. */
const shift = async (tx: AnyTx, from: number, to: number, by: 1 | -1): Promise<void> => {
  const move = (least: number, most: number, distance: number) =>
    tx
      .updateTable('ledger_entry')
      .set((eb) => ({ seq: eb('seq', '+', distance) }))
      .where('seq', '>=', least)
      .where('seq', '<=', most)
      .execute()
  await move(from, to, FREE)
  await move(from + FREE, to + FREE, by - FREE)
}

/** The same text with one bit of one character changed; what comes of it can be printed. */
const flipBit = (text: string, pick: number): string => {
  for (let tried = 0; ; tried++) {
    const place = (pick + tried * 31) % text.length
    const code = text.charCodeAt(place) ^ (1 << (((pick >>> 8) + tried) % 7))
    if (code >= 0x20 && code < 0x7f) return text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1)
  }
}

// Where nothing follows the gap but a checkpoint, all that it should prove is unproven: its range is bad from its start.
const isSignedAfter = (seq: number): boolean => SIGNED.includes(seq + 1)
const rangeStart = (seq: number): number => Math.max(0, ...SIGNED.filter((size) => size <= seq))

const ATTACKS: Readonly<Record<string, Attack>> = {
  edit: async (tx, { i, pick }) => {
    const { body } = await rowAt(tx, i)
    await writeAt(tx, i, { body: String(body).replace(`"per_${i}"`, `"per_${pick}x"`) })
    return i
  },
  'one bit of a body': async (tx, { i, pick }) => {
    await writeAt(tx, i, { body: flipBit(String((await rowAt(tx, i)).body), pick) })
    return i
  },
  'one bit of a column': async (tx, { i, pick }) => {
    const row = await rowAt(tx, i)
    const held = COLUMN_NAMES.filter((name) => row[name] !== null && row[name] !== '')
    const name = held[pick % held.length] ?? 'id'
    const value: unknown = row[name]
    await writeAt(tx, i, {
      [name]: typeof value === 'number' ? value ^ (1 << (pick % 20)) : flipBit(String(value), pick),
    })
    return i
  },
  'one bit of a leaf': async (tx, { i, pick }) => {
    const leaf = () => tx.selectFrom('ledger_node').where('level', '=', 0).where('idx', '=', i)
    const { hash } = await leaf().select('hash').executeTakeFirstOrThrow()
    const bytes = Buffer.from(String(hash), 'base64')
    bytes[pick % 32] = (bytes[pick % 32] ?? 0) ^ (1 << ((pick >>> 8) % 8))
    await tx
      .updateTable('ledger_node')
      .set({ hash: bytes.toString('base64') })
      .where('level', '=', 0)
      .where('idx', '=', i)
      .execute()
    return i
  },
  delete: async (tx, { i }) => {
    await deleteAt(tx, i)
    return isSignedAfter(i) ? rangeStart(i) : i
  },
  'delete and close the gap': async (tx, { i }) => {
    await deleteAt(tx, i)
    await shift(tx, i + 1, SIZE - 1, -1)
    return i === SIZE - 1 ? rangeStart(i) : i
  },
  insert: async (tx, { i, pick }) => {
    const { position: _, ...row } = await rowAt(tx, i)
    await shift(tx, i, SIZE - 1, 1)
    await insert(tx, {
      ...row,
      id: `evt_${pick}`,
      seq: i,
      body: String(row.body).replace(/"id":"[^"]*"/, `"id":"evt_${pick}"`),
    })
    return i
  },
  reorder: async (tx, { i, j }) => {
    const { position: _, ...row } = await rowAt(tx, i)
    await deleteAt(tx, i)
    await shift(tx, i + 1, j, -1)
    await insert(tx, { ...row, seq: j })
    return i
  },
  swap: async (tx, { i, j }) => {
    await writeAt(tx, i, { seq: SIZE + 1 })
    await writeAt(tx, j, { seq: i })
    await writeAt(tx, SIZE + 1, { seq: j })
    return i
  },
  'swap with the leaves': async (tx, { i, j }) => {
    const leaves = tx.selectFrom('ledger_node').selectAll().where('level', '=', 0).where('idx', 'in', [i, j])
    const rows = await leaves.orderBy('idx').execute()
    for (const [at, hash] of [
      [i, rows[1]?.hash],
      [j, rows[0]?.hash],
    ] as const)
      await tx.updateTable('ledger_node').set({ hash }).where('level', '=', 0).where('idx', '=', at).execute()
    await ATTACKS.swap?.(tx, { i, j, pick: 0 })
    // A leaf holds the number of its entry, so that it fits no other place.
    return i
  },
  truncate: async (tx, { i }) => {
    await tx.deleteFrom('ledger_entry').where('seq', '>=', i).execute()
    return undefined
  },
}

const choice = fc
  .record({ i: fc.nat(SIZE - 1), j: fc.nat(SIZE - 1), pick: fc.nat(2 ** 20) })
  .filter(({ i, j }) => i !== j)
  .map(({ i, j, pick }) => ({ i: Math.min(i, j), j: Math.max(i, j), pick }))

class Undo extends Error {}

onEveryEngine(
  `U1: of ${ROUNDS.sqlite + ROUNDS.postgres} random changes of the stored rows every one is found, and the first bad entry is named`,
  async (room, t) => {
    const log = await openLog(room)
    for (let at = 0; at < SIZE; at++) {
      await log.append([someEvent(`per_${at}`, `text ${at}`)])
      if (SIGNED.includes(at + 1)) await log.sequencer.flush()
    }
    const intact = await log.export()
    assert.equal((await log.verify(intact)).ok, true)
    const seen = new Map<string, number>()
    // One transaction that is taken back; each round is taken back to where it began.
    const tampering = room.database.write(async (tx: AnyTx) => {
      const round = async (kind: string, chosen: Choice): Promise<void> => {
        await sql`savepoint round`.execute(tx)
        const due = await ATTACKS[kind]?.(tx, chosen)
        const found = await log.verify(await log.export(tx))
        await sql`rollback to savepoint round`.execute(tx)
        assert.equal(found.ok, false)
        if (due === undefined) assert.ok(found.firstBadIndex !== undefined || found.problem !== undefined)
        else assert.equal(found.firstBadIndex, due)
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
      await fc.assert(fc.asyncProperty(fc.constantFrom(...Object.keys(ATTACKS)), choice, round), {
        numRuns: ROUNDS[room.database.engine],
      })
      throw new Undo()
    })
    await assert.rejects(tampering, Undo)
    assert.deepEqual(await log.export(), intact)
    t.diagnostic(`U1: ${[...seen].map(([kind, times]) => `${kind}: ${times}`).join('; ')}`)
    assert.equal(seen.size, Object.keys(ATTACKS).length)
    await log.close()
  },
)
