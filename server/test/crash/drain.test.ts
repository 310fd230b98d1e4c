import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onEveryServerProcess } from '../process.ts'
import { withSql } from '../sql.ts'
import { bySecret, identityInput, setUpWorkload } from '../workload.ts'

// Far more than a busy machine takes for what has begun; who waits for idle connections waits as long.
const DRAIN_SECONDS = 60

onEveryServerProcess(
  'SIGTERM: what has begun is finished and durable, streams end, nothing new is taken, and the exit is clean',
  async ({ place, server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const stream = await fetch(`${server.url}/revocations`, { headers: { accept: 'text/event-stream' } })
    const streamed = drainStream(stream)
    // Half of each request is there when the signal comes; the other half follows.
    const write = await openRequest(server.url, {
      path: '/v1/inventory.identity.create',
      type: 'application/json',
      authorization: `Bearer ${admin.token}`,
      body: JSON.stringify(identityInput('made-while-stopping', workload.team)),
    })
    const issue = await openRequest(server.url, {
      path: '/oauth/token',
      type: 'application/x-www-form-urlencoded',
      body: new URLSearchParams(bySecret(workload)).toString(),
    })
    const asked = performance.now()
    server.kill('SIGTERM')
    await untilNotReady(server.url)
    const answers = await Promise.all([write.finish(), issue.finish()])
    assert.match(answers[0], /^HTTP\/1\.1 200 [\s\S]*made-while-stopping/)
    assert.match(answers[1], /^HTTP\/1\.1 200 [\s\S]*"access_token"/)
    assert.match(await streamed, /^event: snapshot/)
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    assert.ok(performance.now() - asked < DRAIN_SECONDS * 1000, 'it waits for what has begun, not for idle connections')
    t.diagnostic(`drained and gone after ${(performance.now() - asked).toFixed(0)} ms`)
    await withSql(place, async (sql) => {
      const [row] = await sql.rows(`select count(*) as n from inventory_identity where name = 'made-while-stopping'`)
      assert.equal(Number(row?.n), 1)
      const [left] = await sql.rows('select count(*) as n from ledger_waiting')
      assert.equal(Number(left?.n), 0, 'everything is numbered before the end')
    })
  },
  { REEVE_DRAIN_SECONDS: String(DRAIN_SECONDS) },
)

/** Reads a stream until the server ends it; a cut connection is a failure. */
const drainStream = async (response: Response): Promise<string> => response.text()

/** Not ready is either said or, once nothing new is taken, shown by a closed door. */
const untilNotReady = async (url: string): Promise<void> => {
  for (;;) {
    const status = await fetch(`${url}/readyz`).then(
      (response) => response.status,
      () => 'closed' as const,
    )
    if (status !== 200) return
  }
}

interface Half {
  /** Sends the other half and gives the whole answer. */
  finish(): Promise<string>
}

const openRequest = async (
  url: string,
  request: { readonly path: string; readonly type: string; readonly authorization?: string; readonly body: string },
): Promise<Half> => {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  const head = [
    `POST ${request.path} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `content-type: ${request.type}`,
    `content-length: ${Buffer.byteLength(request.body)}`,
    'expect: 100-continue',
    ...(request.authorization === undefined ? [] : [`authorization: ${request.authorization}`]),
    '',
    '',
  ].join('\r\n')
  const middle = Math.floor(request.body.length / 2)
  socket.write(head)
  // RFC 9110 §10.1.1: with this the server says that it has the head, and so that the request has begun.
  while (!answer.startsWith('HTTP/1.1 100')) await once(socket, 'data')
  answer = ''
  socket.write(request.body.slice(0, middle))
  return {
    finish: async () => {
      socket.write(request.body.slice(middle))
      await once(socket, 'close')
      return answer
    },
  }
}
