import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { sampleLog, signerWith } from '../../test/ledger/sample-log.ts'
import { signCheckpoint } from './checkpoint.ts'
import { exportLines } from './export-lines.ts'
import { readLines } from './read-lines.ts'
import { verifyExport } from './verify-export.ts'
import { encodeVkey, InvalidVkey } from './vkey.ts'

const contents = Array.from({ length: 40 }, (_, n) => ({ kind: 'test.entry', n, text: `line\n\u2028 ${n}` }))
const checkpointSizes = [0, 1, 8, 8, 21, 40]
const log = sampleLog(contents, { checkpointSizes })
const { vkey } = log

test('every part of a log that ends at a checkpoint is verified, wherever it begins', async () => {
  for (const toSize of [...new Set(checkpointSizes)]) {
    for (let fromSeq = 0; fromSeq <= toSize; fromSeq++) {
      const result = await verifyExport(await log.exportPart(fromSeq, toSize), { vkey })
      assert.deepEqual(result, {
        ok: true,
        entries: toSize - fromSeq,
        size: toSize,
        root: Buffer.from(log.roots[toSize] ?? []).toString('base64'),
        checkpointsVerified: checkpointSizes.filter((size) => size >= fromSeq && size <= toSize).length,
      })
    }
  }
})

test('an export is verified from its bytes as well', async () => {
  const bytes = Buffer.from(`${(await log.exportPart(0, 40)).join('\n')}\n`)
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < bytes.length; i += 1_000) yield bytes.subarray(i, i + 1_000)
  }
  assert.equal((await verifyExport(readLines(pieces()), { vkey })).ok, true)
})

test('entries that no checkpoint covers are refused, from the first of them on', async () => {
  const result = await verifyExport(await log.exportPart(0, 30), { vkey })
  assert.deepEqual([result.ok, result.entries, result.size, result.firstBadIndex], [false, 30, 21, 21])
  const uncovered = await verifyExport(await log.exportPart(22, 30), { vkey })
  assert.deepEqual([uncovered.ok, uncovered.size, uncovered.root, uncovered.firstBadIndex], [false, 0, undefined, 22])
})

test('an export of another log, or signed by another key, is refused', async () => {
  const lines = await log.exportPart(0, 40)
  const other = encodeVkey(signerWith(8, 'other.example'))
  const namesake = encodeVkey(signerWith(8, 'log.example'))
  assert.equal((await verifyExport(lines, { vkey: other })).problem, 'the export is of another log')
  assert.equal((await verifyExport(lines, { vkey: namesake })).problem, 'the note is not signed by a known key')
  assert.equal((await verifyExport(lines, { vkey: [] })).ok, false)
  await assert.rejects(verifyExport(lines, { vkey: 'not a key' }), InvalidVkey)
})

test('a log that changed its key is verified with both keys, and not with one', async () => {
  const after = signerWith(9, 'log.example')
  const changed = sampleLog(contents, { checkpointSizes, signer: after })
  // The first half of the checkpoints is still signed by the key before.
  const readers = {
    ...changed.readers,
    async *checkpoints() {
      for (const size of checkpointSizes) yield { size, note: (size < 20 ? log : changed).checkpointAt(size) }
    },
  }
  const part = { origin: 'log.example', exportedAt: new Date(0), fromSeq: 0, toSize: 40 }
  const lines = await Array.fromAsync(exportLines(part, readers))
  assert.equal((await verifyExport(lines, { vkey: [vkey, changed.vkey] })).ok, true)
  assert.equal((await verifyExport(lines, { vkey })).ok, false)
  assert.equal((await verifyExport(lines, { vkey: changed.vkey })).ok, false)
})

test('a checkpoint kept elsewhere is met by every later export of the log', async () => {
  for (const size of [0, 1, 13, 40]) {
    const expectCheckpoint = log.checkpointAt(size)
    assert.equal((await verifyExport(await log.exportPart(0, 40), { vkey, expectCheckpoint })).ok, true)
  }
  const expectCheckpoint = log.checkpointAt(13)
  assert.equal((await verifyExport(await log.exportPart(13, 40), { vkey, expectCheckpoint })).ok, true)
})

test('a log set back to an earlier state is seen by a checkpoint or a size kept elsewhere, and by nothing else', async () => {
  const earlier = await log.exportPart(0, 21)
  assert.equal((await verifyExport(earlier, { vkey })).ok, true)
  for (const options of [{ expectCheckpoint: log.checkpointAt(22) }, { sizeMin: 22 }]) {
    const { ok, firstBadIndex, problem } = await verifyExport(earlier, { vkey, ...options })
    assert.deepEqual([ok, firstBadIndex, problem], [false, 21, 'the log ends at 21 and had 22 entries'])
  }
  assert.equal((await verifyExport(earlier, { vkey, sizeMin: 21 })).ok, true)
})

test('a log signed on from an earlier state is seen by a checkpoint kept elsewhere', async () => {
  const forked = sampleLog([...contents.slice(0, 15), ...contents.slice(16), { n: 'new' }], { checkpointSizes })
  const lines = await forked.exportPart(0, 40)
  assert.equal((await verifyExport(lines, { vkey })).ok, true)
  for (const keptSize of [16, 30, 40]) {
    const expectCheckpoint = log.checkpointAt(keptSize)
    const { ok, size, problem, firstBadIndex } = await verifyExport(lines, { vkey, expectCheckpoint })
    assert.deepEqual([ok, size, firstBadIndex], [false, 0, 0])
    assert.equal(problem, 'the log is not the one of the checkpoint kept elsewhere')
  }
})

test('a checkpoint kept elsewhere that cannot be checked is a refusal, not a pass', async () => {
  const lines = await log.exportPart(20, 40)
  const before = await verifyExport(lines, { vkey, expectCheckpoint: log.checkpointAt(19) })
  assert.equal(before.problem, 'the export begins behind the checkpoint kept elsewhere')
  const stranger = signerWith(8, 'log.example')
  const root = log.roots[30] ?? assert.fail()
  const forged = signCheckpoint({ origin: 'log.example', size: 30, root, extensions: [] }, stranger)
  for (const expectCheckpoint of [forged, '', 'nonsense']) {
    const result = await verifyExport(lines, { vkey, expectCheckpoint })
    assert.equal(result.ok, false)
    assert.match(result.problem ?? '', /^the checkpoint kept elsewhere: /)
  }
})

test('a header that counts other entries than there are is refused, even with the checksum mended', async () => {
  const lines = await log.exportPart(0, 40)
  const recounted = (count: number, given: readonly string[]): string[] => {
    const body = given.slice(0, -1).with(0, (given[0] ?? '').replace('"count":40', `"count":${count}`))
    const digest = hash('sha256', body.map((line) => `${line}\n`).join(''), 'base64')
    return [...body, JSON.stringify({ end: digest })]
  }
  assert.equal((await verifyExport(recounted(40, lines), { vkey })).ok, true)
  const more = await verifyExport(recounted(41, lines), { vkey })
  assert.deepEqual([more.ok, more.size, more.problem], [false, 40, 'there are fewer entries than the header says'])
  const fewer = await verifyExport(recounted(39, lines), { vkey })
  assert.deepEqual([fewer.ok, fewer.firstBadIndex], [false, 39])
  const appended = lines.toSpliced(-1, 0, (lines[5] ?? '').replaceAll(/"seq":\d+/g, '"seq":40'))
  const result = await verifyExport(recounted(40, appended), { vkey })
  assert.deepEqual([result.ok, result.size, result.firstBadIndex], [false, 40, 40])
})

test('a checkpoint that stands behind other entries than it covers is refused in these words', async () => {
  const lines = await log.exportPart(0, 40)
  const at = lines.findLastIndex((line) => line.startsWith('{"checkpoint"'))
  const { ok, problem } = await verifyExport(lines.toSpliced(at - 1, 1), { vkey })
  assert.deepEqual([ok, problem], [false, 'a checkpoint of 40 entries follows 39'])
})

test('a range that is missing, of another size or of another log is refused at the first entry', async () => {
  const [header = '', range = '', ...rest] = await log.exportPart(22, 40)
  const hashes: string[] = JSON.parse(range).range
  const ranges = [
    [],
    [JSON.stringify({ range: [] })],
    [JSON.stringify({ range: hashes.slice(1) })],
    [JSON.stringify({ range: [...hashes, hashes[0]] })],
    [JSON.stringify({ range: hashes.toReversed() })],
    [range, range],
  ]
  for (const lines of ranges) {
    const result = await verifyExport([header, ...lines, ...rest], { vkey })
    assert.deepEqual([result.ok, result.firstBadIndex], [false, 22])
  }
})

test('lines that are no export give a refusal, never an exception', async () => {
  const lines = await log.exportPart(0, 8)
  const [header = ''] = lines
  const hostile = [[], [''], ['{}'], ['null'], [header], [header, header], [...lines, ...lines], [...lines, '']]
  for (const given of [...hostile, lines.slice(1), lines.toReversed(), [header, ...lines], ['[', ...lines]]) {
    assert.equal((await verifyExport(given, { vkey })).ok, false)
  }
})

test('what reading the lines throws is thrown on: an unreadable disk is no verdict', async () => {
  async function* broken(): AsyncGenerator<string> {
    yield '{"format":"reeve-audit/1","origin":"log.example","exportedAt":"1970-01-01T00:00:00.000Z","fromSeq":0,"count":1}'
    throw new Error('input/output error')
  }
  await assert.rejects(verifyExport(broken(), { vkey }), /input\/output error/)
})

test('an export of a log whose rows were changed is still written, and names the row', async () => {
  const part = { origin: 'log.example', exportedAt: new Date(0), fromSeq: 0, toSize: 40 }
  const without = {
    ...log.readers,
    async *entries() {
      yield* log.entries.filter(({ seq }) => seq !== 17)
    },
  }
  const changed = {
    ...log.readers,
    async *entries() {
      yield* log.entries.map((stored) => (stored.seq === 17 ? { ...stored, text: '{"n":"other","seq":17}' } : stored))
    },
  }
  for (const readers of [without, changed]) {
    const result = await verifyExport(exportLines(part, readers), { vkey })
    assert.deepEqual([result.ok, result.size, result.firstBadIndex], [false, 8, 17])
  }
})
