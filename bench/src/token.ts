import { generateKeyPairSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readToken } from './token/check-answers.ts'
import type { Client, Method } from './token/client.ts'
import { type Load, startLoad } from './token/load.ts'
import { makeRequests } from './token/make-requests.ts'
import { type Figures, type Measured, measure, ratioOf } from './token/measured.ts'
import { profileReeve } from './token/profile-reeve.ts'
import { type Program, type ProgramOrder, startProgram } from './token/program.ts'
import { openConnection } from './token/raw-connection.ts'
import { type Engine, publicPem, type Reeve, startReeve } from './token/reeve.ts'

// Tokens a second over HTTP, the full path: Reeve (authenticate, decide, durable record, sign), a peer that keeps
// nothing, and a limit that only signs. One load generator, rounds in turn, each program a process of its own.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'sqlite' },
    method: { type: 'string', default: 'all' },
    profile: { type: 'boolean', default: false },
  },
})

const ENGINES: Readonly<Record<string, readonly Engine[]>> = {
  sqlite: ['sqlite'],
  postgres: ['postgres'],
  both: ['sqlite', 'postgres'],
}
const METHODS: Readonly<Record<string, readonly Method[]>> = {
  secret: ['secret'],
  jwt: ['jwt'],
  federation: ['federation'],
  both: ['secret', 'jwt'],
  all: ['secret', 'jwt', 'federation'],
}

const chosen = <Value>(table: Readonly<Record<string, Value>>, flag: string, given: string): Value => {
  const value = table[given]
  return value ?? refuse(`--${flag} is one of ${Object.keys(table).join(', ')}`)
}

const refuse = (message: string): never => {
  console.error(message)
  process.exit(2)
}

const engines = chosen(ENGINES, 'engine', values.engine)
const methods = chosen(METHODS, 'method', values.method)
const seconds = Number(values.seconds)
if (!(seconds > 0)) refuse('--seconds is a number above 0')

interface Line extends Figures {
  readonly program: string
  readonly method: Method
}

const measureAll = async (): Promise<void> => {
  const load = startLoad()
  const reeves: Reeve[] = []
  const others: Program[] = []
  const stop = async (): Promise<void> => {
    for (const program of [load, ...others, ...reeves]) await program.stop()
  }
  // Nothing that was started outlives this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)))
  try {
    for (const engine of engines) reeves.push(await startReeve(engine, { isFilled: true }))
    const lines: Line[] = []
    const [first] = reeves
    if (first === undefined) return
    const order = await orderFrom(first.client)
    others.push(await startProgram('peer', order), await startProgram('limit', order))
    for (const method of methods) lines.push(...(await measureMethod(load, { reeves, others, order, method })))
    print(lines)
  } finally {
    await stop()
  }
}

interface Programs {
  readonly reeves: readonly Reeve[]
  readonly others: readonly Program[]
  readonly order: ProgramOrder
  readonly method: Method
}

const measureMethod = async (load: Load, { reeves, others, order, method }: Programs): Promise<readonly Line[]> => {
  const limitKey = publicPem(order.signingKey)
  const measured: readonly Measured[] = [
    ...reeves.map(({ pid, client }, index) => ({
      name: `reeve, ${engines[index]}`,
      pid,
      client,
      jwksUrl: `${client.issuer}/.well-known/jwks.json`,
      limitKey,
    })),
    ...others.map(({ pid, name, port }) => ({
      name,
      pid,
      ...(name === 'peer' && method === 'federation' ? { method: 'jwt' as const } : {}),
      client: otherClient(order, reeves[0]?.client, { name, port, method }),
      jwksUrl: undefined,
      limitKey,
    })),
  ]
  const figures = await measure(load, measured, { method, seconds: seconds / methods.length })
  return figures.map((one, index) => ({ program: measured[index]?.name ?? '', method, ...one }))
}

const otherClient = (
  order: ProgramOrder,
  known: Client | undefined,
  { name, port, method }: { readonly name: string; readonly port: number; readonly method: Method },
): Client => {
  if (known === undefined) throw new Error('no client')
  const issuer = `http://127.0.0.1:${port}`
  // The peer lets a client prove itself in one way only, and not by tokens of others: there it takes an assertion of its own.
  const id = name === 'peer' && method !== 'secret' ? `${order.clientId}-jwt` : order.clientId
  return { ...known, port, issuer, id, path: name === 'peer' ? '/token' : '/', keyId: order.clientKeyId }
}

/** What peer and limit are told: the client that Reeve knows, and the claims of a token that Reeve gave it. */
const orderFrom = async (client: Client): Promise<ProgramOrder> => {
  const connection = await openConnection(client.port)
  const [request] = await makeRequests(client, 'secret', 1)
  if (request === undefined) throw new Error('no request')
  const { status, body } = await connection.ask(request)
  connection.close()
  if (status !== 200) throw new Error(`Reeve gave no token: ${status} ${body}`)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    clientId: client.id,
    clientSecret: client.secret,
    clientPublicKey: publicPem(client.privateKey),
    clientKeyId: client.keyId,
    signingKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    signingKeyId: 'bench-1',
    resource: client.resource,
    scope: client.scope,
    claims: readToken(body).claims,
  }
}

const print = (lines: readonly Line[]): void => {
  row(['program', 'method', 'conns', 'req/s', 'p50 ms', 'p99 ms', 'cpu us', 'MB', 'to peer', 'to limit', '  rounds'])
  for (const line of lines) {
    const isReeve = line.program.startsWith('reeve')
    const to = (program: string): string =>
      isReeve ? ratioOf(line, lineOf(lines, program, line.method)).toFixed(2) : ''
    row([
      line.program,
      line.method,
      String(line.connections),
      line.perSecond.toFixed(0),
      line.p50Ms.toFixed(1),
      line.p99Ms.toFixed(1),
      line.cpuMicroseconds.toFixed(0),
      line.memoryMb.toFixed(0),
      to('peer'),
      to('limit'),
      `  ${line.rounds.map((perSecond) => perSecond.toFixed(0)).join(' ')}`,
    ])
  }
  console.log(JSON.stringify(worst(lines)))
}

const row = (cells: readonly string[]): void =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(at === 1 ? 11 : 8))).join(' '))

const lineOf = (lines: readonly Line[], program: string, method: Method): Line => {
  const found = lines.find((line) => line.program === program && line.method === method)
  if (found === undefined) throw new Error(`nothing was measured of ${program}`)
  return found
}

/** The figures of the method and engine in which Reeve comes out worst against its limit; each ratio is the worst of all. */
const worst = (lines: readonly Line[]) => {
  const compared = lines
    .filter(({ program }) => program.startsWith('reeve'))
    .map((line) => {
      const peer = lineOf(lines, 'peer', line.method)
      const limit = lineOf(lines, 'limit', line.method)
      return { line, peer, limit, toPeer: ratioOf(line, peer), toLimit: ratioOf(line, limit) }
    })
  const [shown] = compared.toSorted((a, b) => a.toLimit - b.toLimit)
  const least = (ratios: readonly number[]): number => Number(Math.min(...ratios).toFixed(2))
  return {
    bench: 'token',
    unit: 'req/s',
    reeve: Math.round(shown?.line.perSecond ?? 0),
    peer: Math.round(shown?.peer.perSecond ?? 0),
    limit: Math.round(shown?.limit.perSecond ?? 0),
    toPeer: least(compared.map(({ toPeer }) => toPeer)),
    toLimit: least(compared.map(({ toLimit }) => toLimit)),
    // What other work on the machine changes least.
    cpuToPeer: least(compared.map(({ line, peer }) => peer.cpuMicroseconds / line.cpuMicroseconds)),
    cpuToLimit: least(compared.map(({ line, limit }) => limit.cpuMicroseconds / line.cpuMicroseconds)),
    p99Ms: Number(Math.max(...compared.map(({ line }) => line.p99Ms)).toFixed(1)),
    memoryMb: Math.round(Math.max(...compared.map(({ line }) => line.memoryMb))),
  }
}

if (values.profile) await profileReeve({ engines, methods, seconds })
else await measureAll()
