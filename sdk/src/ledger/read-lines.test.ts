import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLines, UnreadableLine } from './read-lines.ts'

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += length) yield bytes.subarray(i, i + length)
}

test('lines are the same in whatever pieces the bytes come', async () => {
  const lines = ['{"a":"é😀日本"}', '', 'x\u2028y\u0085z\r', '\ufeffbom', 'a'.repeat(300)]
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  for (const length of [1, 2, 3, 7, 64, 1_000]) {
    assert.deepEqual(await Array.fromAsync(readLines(pieces(bytes, length))), lines)
  }
  assert.deepEqual(await Array.fromAsync(readLines(pieces(Buffer.of(), 1))), [])
})

test('bytes that are not UTF-8 are refused at their line, after the lines before', async () => {
  for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]]) {
    const bytes = Buffer.concat([Buffer.from('good\nbad'), Buffer.from(bad), Buffer.from('\nmore\n')])
    const read: string[] = []
    await assert.rejects(async () => {
      for await (const line of readLines(pieces(bytes, 1_000))) read.push(line)
    }, UnreadableLine)
    assert.deepEqual(read, ['good'])
  }
})

test('a last line that is not ended is refused: the file was cut', async () => {
  await assert.rejects(Array.fromAsync(readLines(pieces(Buffer.from('one\ntwo'), 3))), UnreadableLine)
})

test('a line without end is refused before it fills the memory', async () => {
  let given = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (const piece = Buffer.alloc(65_536, 'a'); ; given += piece.length) yield piece
  }
  await assert.rejects(Array.fromAsync(readLines(endless())), UnreadableLine)
  assert.ok(given < 4 * 1_048_576)
})
