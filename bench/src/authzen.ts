import { parseArgs } from 'node:util'
import { type AuthzenProgram, type AuthzenResult, startAuthzenLimit, startAuthzenLoad } from './authzen/load.ts'
import { type AskedRecord, declareRecords, recordQuestions } from './authzen/records.ts'
import { inTurn, saturating } from './saturating.ts'
import { cpuSeconds, type Figures, figuresOf, ratioOf } from './token/measured.ts'
import { type Engine, type Reeve, startReeve } from './token/reeve.ts'

// Evaluations a second over HTTP, the full path: Reeve (authenticate, decide 20,000 distinct questions, durable record),
// a limit that only parses the same body, and one that has a record of it on the disk before it answers. Short rounds in
// turn. Then calls with 100 items, one at a time.

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, engine: { type: 'string', default: 'sqlite' } },
})
const seconds = Number(values.seconds)
const engine: Engine = values.engine === 'postgres' ? 'postgres' : 'sqlite'

const QUESTIONS = 20_000
const ITEMS = 100
// Short and many: what else the machine does then meets neighbouring rounds alike.
const ROUNDS = 21
const WARM_SECONDS = 8

const ownToken = async ({ client }: Reeve): Promise<string> => {
  const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret }
  const response = await fetch(`${client.issuer}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...form, resource: client.issuer }).toString(),
  })
  const { access_token: token }: { access_token?: string } = JSON.parse(await response.text())
  if (token === undefined) throw new Error('Reeve gave no token for itself')
  return token
}

const requestText = (port: number, path: string, token: string, body: object): string => {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

interface Round {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicroseconds: number
}

const oneRound = async (
  load: AuthzenProgram,
  program: { readonly pid: number; readonly port: number },
  order: { readonly requests: readonly string[]; readonly seconds: number; readonly connections: number },
): Promise<Round & { readonly samples: AuthzenResult['samples'] }> => {
  let before = 0
  const result = await load.run({ port: program.port, ...order }, () => {
    before = cpuSeconds(program.pid)
  })
  return { ...result, cpuMicroseconds: ((cpuSeconds(program.pid) - before) * 1e6) / result.count }
}

const check = (questions: readonly AskedRecord[], samples: AuthzenResult['samples']): void => {
  for (const { at, body } of samples) {
    const { decision, context }: { decision: boolean; context: { id: string } } = JSON.parse(body)
    if (decision !== questions[at]?.isAllowed || !context.id.startsWith('dec_'))
      throw new Error(`question ${at} was answered ${body}`)
  }
}

const measure = async (): Promise<void> => {
  const load = startAuthzenLoad()
  const stops: (() => Promise<void>)[] = [load.stop]
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0)) await each()
  }
  // Nothing that was started outlives this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)))
  try {
    const reeve = await startReeve(engine)
    stops.push(reeve.stop)
    const limit = await startAuthzenLimit('limit')
    stops.push(limit.stop)
    const durable = await startAuthzenLimit('durable-limit')
    stops.push(durable.stop)
    await declareRecords(reeve)
    const token = await ownToken(reeve)
    const questions = recordQuestions(QUESTIONS)
    const requestsTo = (port: number) =>
      questions.map(({ body }) => requestText(port, '/access/v1/evaluation', token, body))
    const programs = [
      { name: 'reeve', pid: reeve.pid, port: reeve.client.port, requests: requestsTo(reeve.client.port) },
      { name: 'limit', pid: limit.pid, port: limit.port, requests: requestsTo(limit.port) },
      { name: 'durable', pid: durable.pid, port: durable.port, requests: requestsTo(durable.port) },
    ]
    const connections: number[] = []
    for (const program of programs)
      connections.push(
        await saturating(WARM_SECONDS, async (many, warmSeconds) => {
          const order = { requests: program.requests, connections: many, seconds: warmSeconds }
          return (await oneRound(load, program, order)).perSecond
        }),
      )
    const rounds: Round[][] = programs.map(() => [])
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, program] of inTurn([...programs.entries()], round)) {
        const given = { requests: program.requests, connections: connections[index] ?? 0 }
        const done = await oneRound(load, program, { ...given, seconds: seconds / ROUNDS })
        if (program.name === 'reeve') check(questions, done.samples)
        rounds[index]?.push(done)
      }
    const [ours, bare, recording] = rounds.map((each, index) => figuresOf(each, connections[index] ?? 0))
    if (ours === undefined || bare === undefined || recording === undefined) throw new Error('nothing was measured')
    const batch = await oneRound(load, { pid: reeve.pid, port: reeve.client.port }, batchOrder(reeve, token, questions))
    print({ ours, bare, recording, batch })
  } finally {
    await stop()
  }
}

const batchOrder = (reeve: Reeve, token: string, questions: readonly AskedRecord[]) => ({
  seconds: Math.max(2, seconds / ROUNDS),
  connections: 1,
  requests: Array.from({ length: 50 }, (_, at) => {
    const evaluations = questions.slice(at * ITEMS, (at + 1) * ITEMS).map(({ body }) => body)
    return requestText(reeve.client.port, '/access/v1/evaluations', token, { evaluations })
  }),
})

interface Found {
  readonly ours: Figures
  readonly bare: Figures
  readonly recording: Figures
  readonly batch: Round
}

const print = ({ ours, bare, recording, batch }: Found): void => {
  const line = (name: string, { perSecond, p50Ms, p99Ms, cpuMicroseconds, rounds, connections }: Figures) =>
    `${name.padEnd(8)} ${String(connections).padStart(3)} connections ${perSecond.toFixed(0).padStart(7)} req/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms  cpu ${cpuMicroseconds.toFixed(0)} us  rounds ${rounds.map((each) => each.toFixed(0)).join(' ')}`
  console.log(line('reeve', ours))
  console.log(line('limit', bare))
  console.log(line('durable', recording))
  console.log(
    `a call with ${ITEMS} items: p50 ${batch.p50Ms.toFixed(2)} ms, p99 ${batch.p99Ms.toFixed(2)} ms, cpu ${(batch.cpuMicroseconds / 1000).toFixed(2)} ms`,
  )
  console.log(
    JSON.stringify({
      bench: 'authzen',
      unit: 'req/s',
      reeve: Math.round(ours.perSecond),
      limit: Math.round(bare.perSecond),
      durableLimit: Math.round(recording.perSecond),
      toLimit: Number(ratioOf(ours, bare).toFixed(2)),
      toDurableLimit: Number(ratioOf(ours, recording).toFixed(2)),
      // What other work on the machine changes least.
      cpuToLimit: Number((bare.cpuMicroseconds / ours.cpuMicroseconds).toFixed(2)),
      cpuToDurableLimit: Number((recording.cpuMicroseconds / ours.cpuMicroseconds).toFixed(2)),
      items100Ms: Number(batch.p50Ms.toFixed(2)),
      connections: { reeve: ours.connections, limit: bare.connections, durable: recording.connections },
      p50Ms: { reeve: Number(ours.p50Ms.toFixed(1)), limit: Number(bare.p50Ms.toFixed(1)) },
    }),
  )
}

await measure()
