import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { bindKey } from './signature.ts'
import { createSignatureThread } from './signature-thread.ts'

const PROGRAM = new URL('./signature-program.js', import.meta.url)
const MANY = 50

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { signing: bindKey('ES256', privateKey), checking: bindKey('ES256', publicKey) }
}

const isBy = ({ checking }: ReturnType<typeof pair>, text: string, signature: string): boolean =>
  verify(checking.hash, Buffer.from(text), checking.options, Buffer.from(signature, 'base64url'))

const texts = Array.from({ length: MANY }, (_, at) => `text ${at}`)

/** Threads that are counted, and can be ended from outside. */
const counted = (program: URL | string = PROGRAM) => {
  const started: Worker[] = []
  const start = (): Worker => {
    const worker = typeof program === 'string' ? new Worker(program, { eval: true }) : new Worker(program)
    started.push(worker)
    return worker
  }
  return {
    started,
    thread: createSignatureThread(start),
    end: () => Promise.all(started.map((one) => one.terminate())),
  }
}

test('of many who ask at once each gets its own signature, and its own verdict, from another thread', async () => {
  const { started, thread, end } = counted()
  const [one, other] = [pair(), pair()]
  const signatures = await Promise.all(texts.map((text, at) => thread.sign((at % 2 === 0 ? one : other).signing, text)))
  assert.equal(started.length, 1)
  for (const [at, text] of texts.entries()) assert.ok(isBy(at % 2 === 0 ? one : other, text, signatures[at] ?? ''))
  const verdicts = await Promise.all(
    texts.map((text, at) => thread.isSigned(one.checking, text, Buffer.from(signatures[at] ?? '', 'base64url'))),
  )
  assert.deepEqual(
    verdicts,
    texts.map((_, at) => at % 2 === 0),
  )
  await end()
})

test('whoever asks alone is answered without another thread', async () => {
  const { started, thread } = counted()
  const keys = pair()
  const signature = await thread.sign(keys.signing, 'alone')
  assert.ok(isBy(keys, 'alone', signature))
  assert.ok(await thread.isSigned(keys.checking, 'alone', Buffer.from(signature, 'base64url')))
  assert.ok(!(await thread.isSigned(keys.checking, 'another', Buffer.from(signature, 'base64url'))))
  assert.equal(started.length, 0)
})

test('a signature of another length is wrong, whoever would look at it', async () => {
  const { thread, end } = counted()
  const keys = pair()
  const wrong = [Buffer.alloc(0), Buffer.alloc(63), Buffer.alloc(65), Buffer.alloc(72)]
  const asked = texts.flatMap((text) => wrong.map((bytes) => thread.isSigned(keys.checking, text, bytes)))
  assert.ok((await Promise.all(asked)).every((verdict) => !verdict))
  await end()
})

const ENDS = "const { parentPort } = require('node:worker_threads'); parentPort.on('message', () => parentPort.close())"
const THROWS = "require('node:worker_threads').parentPort.on('message', () => { throw new Error('broken') })"

for (const [how, program] of [
  ['ends', ENDS],
  ['throws', THROWS],
] as const)
  test(`what a thread was asked that ${how} is done here, and it is not started again`, async () => {
    const { started, thread } = counted(program)
    const keys = pair()
    for (let round = 0; round < 2; round++) {
      const signatures = await Promise.all(texts.map((text) => thread.sign(keys.signing, text)))
      for (const [at, text] of texts.entries()) assert.ok(isBy(keys, text, signatures[at] ?? ''))
    }
    assert.equal(started.length, 1)
  })

test('a key that cannot sign is an error for each who asked, and no end of the thread', async () => {
  const { started, thread, end } = counted()
  const keys = pair()
  const results = await Promise.allSettled([
    ...texts.map((text) => thread.sign(keys.checking, text)),
    ...texts.map((text) => thread.sign(keys.signing, text)),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    [...texts.map(() => 'rejected'), ...texts.map(() => 'fulfilled')],
  )
  assert.equal(started.length, 1)
  await end()
})

test('a thread that has nothing to do keeps no process alive', async () => {
  const { started, thread, end } = counted()
  const keys = pair()
  const before = openPorts()
  await Promise.all(texts.map((text) => thread.sign(keys.signing, text)))
  assert.equal(started.length, 1)
  assert.equal(openPorts(), before)
  await end()
})

/** What keeps this process alive for a thread's sake. */
const openPorts = (): number => process.getActiveResourcesInfo().filter((one) => one === 'MessagePort').length
