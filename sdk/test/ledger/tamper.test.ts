import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../../test/rounds.ts'
import {
  canonicalize,
  leafHash,
  readLines,
  signCheckpoint,
  type VerifyResult,
  verifyExport,
} from '../../src/ledger/index.ts'
import { sampleLog, signerWith } from './sample-log.ts'

// Every place of tampering lies in the middle or at an end of a range, ranges of one entry among them; with few entries
// the rounds meet each place many times, where a long log would meet it once or never.
const COUNT = 48
const CHECKPOINTS = [3, 11, 12, 24, 33, 46, COUNT]
const contents = Array.from({ length: COUNT }, (_, n) => ({ kind: 'test.entry', on: `nhi_${n}`, text: 'Jé \u2028' }))
const log = sampleLog(contents, { checkpointSizes: CHECKPOINTS })
const original = await log.exportPart(0, COUNT)
const kept = log.checkpointAt(COUNT)
// Another log of the same owner and key, as where two tenants' entries are exchanged.
const other = await sampleLog(
  contents.map((content) => ({ ...content, tenant: 2 })),
  { checkpointSizes: CHECKPOINTS },
).exportPart(0, COUNT)

type Line = { entry?: { seq: number }; seq?: number; leaf?: string; checkpoint?: string; end?: string }
type Tampered = { lines: string[]; bad: number; usesKept?: boolean }
type Choice = { i: number; j: number; byte: number; bit: number }

const parse = (text: string): Line => JSON.parse(text)
const lineOf = (seq: number): number => original.findIndex((line) => line.startsWith(`{"seq":${seq},`))
const sizeOf = (line: string): number => Number(parse(line).checkpoint?.split('\n')[1])
/** What the last checkpoint at or before this entry covers: where its range begins. */
const rangeStart = (seq: number): number => Math.max(0, ...CHECKPOINTS.filter((size) => size <= seq))
const provenIn = (lines: readonly string[]): number => lines.filter(isCheckpoint).map(sizeOf).at(-1) ?? 0
const isCheckpoint = (line: string | undefined): boolean => line?.startsWith('{"checkpoint"') ?? false

const entryLine = (seq: number, entry: object): string => {
  const leaf = leafHash(Buffer.from(canonicalize({ ...entry, seq }))).toString('base64')
  return `{"seq":${seq},"leaf":"${leaf}","entry":${canonicalize({ ...entry, seq }).replaceAll('\u2028', '\\u2028')}}`
}

/** What anybody can mend without the log's key: the count and the checksum at the end. */
const sealed = (lines: readonly string[]): string[] => {
  const [header = '', ...rest] = lines.filter((line) => !line.startsWith('{"end"'))
  const count = rest.filter((line) => line.startsWith('{"seq"')).length
  const body = [header.replace(/"count":\d+/, `"count":${count}`), ...rest]
  const digest = createHash('sha256').update(body.map((line) => `${line}\n`).join(''))
  return [...body, JSON.stringify({ end: digest.digest('base64') })]
}

/** And a careful forger numbers all entries anew, with leaves that fit; checkpoints stay behind the same entries. */
const renumbered = (lines: readonly string[]): string[] => {
  let seq = 0
  return sealed(
    lines.map((line) => {
      const { entry } = parse(line)
      return entry === undefined ? line : entryLine(seq++, entry)
    }),
  )
}

const forged = { kind: 'test.entry', on: 'nhi_forged', text: 'never happened' }
const without = (lines: readonly string[], at: number): string[] => lines.toSpliced(at, 1)
const moved = (i: number, j: number): string[] =>
  original.toSpliced(lineOf(i), 1).toSpliced(lineOf(j), 0, original[lineOf(i)] ?? '')
const swapped = (i: number, j: number): string[] =>
  original.with(lineOf(i), original[lineOf(j)] ?? '').with(lineOf(j), original[lineOf(i)] ?? '')

/** Each kind of tampering, and the index that must be named for it. */
const KINDS: Record<string, (choice: Choice) => Tampered> = {
  'edit, hash left': ({ i }) => {
    const { leaf = '' } = parse(original[lineOf(i)] ?? '')
    const line = entryLine(i, forged).replace(/"leaf":"[^"]*"/, `"leaf":"${leaf}"`)
    return { lines: sealed(original.with(lineOf(i), line)), bad: i }
  },
  'edit, hash mended': ({ i }) => ({
    lines: sealed(original.with(lineOf(i), entryLine(i, forged))),
    bad: rangeStart(i),
  }),
  'hash changed': ({ i }) => {
    const line = (original[lineOf(i)] ?? '').replace(/"leaf":"[^"]*"/, `"leaf":"${parse(entryLine(i, forged)).leaf}"`)
    return { lines: sealed(original.with(lineOf(i), line)), bad: i }
  },
  delete: ({ i }) => {
    const next = original[lineOf(i) + 1]
    return { lines: sealed(without(original, lineOf(i))), bad: isCheckpoint(next) ? rangeStart(i) : i }
  },
  'delete, renumbered': ({ i }) => ({ lines: renumbered(without(original, lineOf(i))), bad: rangeStart(i) }),
  // The forged entry takes the number; the one whose number it took is out of place behind it.
  insert: ({ i }) => ({ lines: sealed(original.toSpliced(lineOf(i), 0, entryLine(i, forged))), bad: i + 1 }),
  'insert, renumbered': ({ i }) => ({
    lines: renumbered(original.toSpliced(lineOf(i), 0, entryLine(i, forged))),
    bad: rangeStart(i),
  }),
  'insert behind the end': () => ({
    lines: sealed(original.toSpliced(-1, 0, entryLine(COUNT, forged))),
    bad: COUNT,
  }),
  reorder: ({ i, j }) => ({
    lines: sealed(moved(i, j)),
    bad: isCheckpoint(original[lineOf(i) + 1]) ? rangeStart(i) : i,
  }),
  'reorder, renumbered': ({ i, j }) => ({ lines: renumbered(moved(i, j)), bad: rangeStart(i) }),
  swap: ({ i, j }) => ({ lines: sealed(swapped(i, j)), bad: i }),
  'swap, renumbered': ({ i, j }) => ({ lines: renumbered(swapped(i, j)), bad: rangeStart(i) }),
  'swap with another log': ({ i }) => ({
    lines: sealed(original.with(lineOf(i), other[lineOf(i)] ?? '')),
    bad: rangeStart(i),
  }),
  'swap with another log, signed by another key': ({ i }) => {
    const at = original.findIndex((line) => isCheckpoint(line) && sizeOf(line) > i)
    const note = signCheckpoint(
      { origin: 'log.example', size: sizeOf(original[at] ?? ''), root: leafHash(Buffer.of()), extensions: [] },
      signerWith(8, 'log.example'),
    )
    const lines = original.with(lineOf(i), other[lineOf(i)] ?? '').with(at, JSON.stringify({ checkpoint: note }))
    return { lines: sealed(lines), bad: rangeStart(i) }
  },
  'checkpoint of another log': ({ i }) => {
    const at = original.findIndex((line) => isCheckpoint(line) && sizeOf(line) > i)
    return { lines: sealed(original.with(at, other[at] ?? '')), bad: rangeStart(i) }
  },
  'checkpoint moved': ({ i, j }) => {
    const at = original.findIndex((line) => isCheckpoint(line) && sizeOf(line) > i)
    const to = lineOf(j) >= at ? lineOf(j) : lineOf(i)
    const lines = without(original, at).toSpliced(to, 0, original[at] ?? '')
    return { lines: sealed(lines), bad: provenIn(lines.slice(0, to)) }
  },
  // Cut at any line; the last checkpoint that is left says how much is proved.
  truncate: ({ byte }) => {
    const lines = original.slice(0, byte % original.length)
    return { lines, bad: lines.length === 0 || provenIn(lines) === COUNT ? -1 : provenIn(lines) }
  },
  'truncate, mended': ({ i }) => ({
    lines: sealed(original.slice(0, lineOf(i))),
    bad: rangeStart(i),
    usesKept: true,
  }),
}

const verifyBytes = (bytes: Uint8Array): Promise<VerifyResult> => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return verifyExport(readLines(pieces()), { vkey: log.vkey })
}

const choice: fc.Arbitrary<Choice> = fc
  .record({ i: fc.nat(COUNT - 1), j: fc.nat(COUNT - 1), byte: fc.nat(1e9), bit: fc.nat(7) })
  .filter(({ i, j }) => i !== j)
  .map(({ i, j, ...rest }) => ({ i: Math.min(i, j), j: Math.max(i, j), ...rest }))

test('the export that the tampering begins with is good', async () => {
  const keptToo = { vkey: log.vkey, expectCheckpoint: kept }
  assert.equal((await verifyExport(original, keptToo)).ok, true)
  assert.deepEqual(sealed(original), original)
  assert.deepEqual(renumbered(original), original)
})

const CHANGES = rounds({ quick: 1_500, full: 7_500 })
const BITS = rounds({ quick: 500, full: 2_500 })

test(`trust bar U1: ${CHANGES} random edits, deletions, insertions, reorderings, swaps and cuts are all seen and placed`, async (t) => {
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(KINDS)), choice, async (kind, chosen) => {
      const tampered = KINDS[kind]?.(chosen) ?? assert.fail()
      const expectCheckpoint = tampered.usesKept ? { expectCheckpoint: kept } : {}
      const result = await verifyExport(tampered.lines, { vkey: log.vkey, ...expectCheckpoint })
      assert.equal(result.ok, false)
      assert.equal(result.firstBadIndex ?? -1, tampered.bad)
      seen.set(kind, (seen.get(kind) ?? 0) + 1)
    }),
    { numRuns: CHANGES },
  )
  t.diagnostic([...seen].map(([kind, times]) => `${kind}: ${times}`).join('; '))
  assert.equal(seen.size, Object.keys(KINDS).length)
})

test(`trust bar U1: ${BITS} random single bits, anywhere in the file, are all seen, and in an entry it is named`, async () => {
  const file = Buffer.from(original.map((line) => `${line}\n`).join(''))
  let end = 0
  const ends = original.map((line) => (end += Buffer.byteLength(line) + 1))
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(7), async (at, bit) => {
      const bytes = Buffer.from(file)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
      const result = await verifyBytes(bytes)
      assert.equal(result.ok, false)
      const { seq } = parse(original[ends.findIndex((lineEnd) => at < lineEnd)] ?? '')
      if (seq !== undefined) assert.equal(result.firstBadIndex, seq)
    }),
    { numRuns: BITS },
  )
})

test('every single bit of the header, of a checkpoint and of the end is seen', async () => {
  const small = await sampleLog(contents.slice(0, 2), { checkpointSizes: [1, 2] }).exportPart(0, 2)
  const file = Buffer.from(small.map((line) => `${line}\n`).join(''))
  assert.equal((await verifyBytes(file)).ok, true)
  for (let at = 0; at < file.length * 8; at++) {
    const bytes = Buffer.from(file)
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
    assert.equal((await verifyBytes(bytes)).ok, false, `bit ${at}`)
  }
})
