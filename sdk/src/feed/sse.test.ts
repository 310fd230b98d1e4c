import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unreachable } from '../bounded-fetch.ts'
import { readEvents, type ServerSentEvent } from './sse.ts'

const read = async (chunks: readonly Uint8Array[], charactersMax = 1_000): Promise<ServerSentEvent[]> => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  const events: ServerSentEvent[] = []
  for await (const event of readEvents(body, { charactersMax })) events.push(event)
  return events
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('events are the same wherever the network cuts them, byte by byte, with each kind of line end', async () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = [
      'event: change',
      'id: 7',
      'data: {"a":',
      'data:"é€😀"}',
      '',
      ': beat',
      '',
      'data: x',
      '',
      'data: lost',
    ].join(end)
    const expected = [
      { event: 'change', data: '{"a":\n"é€😀"}' },
      { event: 'message', data: 'x' },
    ]
    const whole = bytes(text)
    for (let cut = 0; cut <= whole.length; cut += 1)
      assert.deepEqual(
        await read([whole.slice(0, cut), whole.slice(cut)]),
        expected,
        `${JSON.stringify(end)} cut at ${cut}`,
      )
    assert.deepEqual(await read([...whole].map((byte) => new Uint8Array([byte]))), expected)
  }
})

test('an event that never ends is given up, whether in one line or in many', async () => {
  await assert.rejects(
    read([bytes('data: '), ...Array.from({ length: 20 }, () => bytes('x'.repeat(100)))]),
    Unreachable,
  )
  await assert.rejects(read(Array.from({ length: 200 }, () => bytes('data: xxxxx\n'))), Unreachable)
})
