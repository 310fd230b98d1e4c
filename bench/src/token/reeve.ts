import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { DatabasePlace } from '../../../server/src/kit/database.ts'
import { createTestDatabase, findPostgres } from '../../../server/test/postgres.ts'
import type { Client } from './client.ts'
import { openPlatform, type Platform } from './platform.ts'
import { manyPolicies, registerMany } from './register-many.ts'

/** Which database Reeve runs on. */
export type Engine = 'sqlite' | 'postgres'

/** Reeve as a real process, with one client registered through its API. */
export interface Reeve {
  readonly pid: number
  readonly client: Client
  /** Calls an operation as the first admin. */
  call(operation: string, input: object): Promise<Answer>
  /** Calls as another person, who was invited with this code. */
  enrolled(code: string): Promise<(operation: string, input: object) => Promise<Answer>>
  /** Starts another process on the same database, which answers for the same issuer. */
  replica(): Promise<Replica>
  stop(): Promise<void>
}

/** Another process on the same database. */
export interface Replica {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../../..')
const MAIN = join(ROOT, 'server/src/main.js')
const RESOURCE = 'https://orders.bench.example/'
const SCOPE = 'orders.read'
const READY_MS_MAX = 20_000

/** How it is started. */
interface StartGiven {
  /** For its process. */
  readonly nodeFlags?: readonly string[]
  /** Beside what a token needs, everything of an organisation is registered. */
  readonly isFilled?: boolean
}

/** Starts Reeve on an empty database and registers what a token needs. */
export const startReeve = async (
  engine: Engine,
  { nodeFlags = [], isFilled = false }: StartGiven = {},
): Promise<Reeve> => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-bench-'))
  const database = engine === 'postgres' ? await postgresDatabase() : undefined
  const env = {
    ...process.env,
    REEVE_DATA: join(folder, 'data'),
    REEVE_PORT: '0',
    REEVE_LOG_LEVEL: 'warn',
    // The platform that it believes is on this machine.
    REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8',
    ...(database === undefined ? {} : { REEVE_DATABASE_URL: database.url, REEVE_KEK: KEK }),
  }
  const child = spawn(process.execPath, [...nodeFlags, MAIN], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const wrong = errorsIn(child)
  const place: DatabasePlace =
    database === undefined ? { sqliteFile: join(folder, 'data/reeve.db') } : { postgresUrl: database.url, poolSize: 2 }
  let platform: Platform | undefined
  let isUp = false
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    // With all that it said.
    if (child.stdout?.closed === false) await once(child, 'close')
    await platform?.stop()
    await database?.drop()
    await rm(folder, { recursive: true, force: true })
    // However fast it was: what was measured did not work.
    if (isUp && wrong.length > 0)
      throw new Error(`at ${new Date().toISOString()}: the server logged ${wrong.length} errors, such as ${wrong[0]}`)
  }
  try {
    const { server, code } = await greetingOf(child)
    const enrolled = async (invitation: string, name = 'Second') => {
      const session = await enrol(server, invitation, name)
      return (operation: string, input: object) => post(server, operation, input, session)
    }
    const call = await enrolled(code, 'Bench')
    const privateKey = String(newKey().privateKey.export({ format: 'pem', type: 'pkcs8' }))
    platform = await openPlatform(privateKey)
    const client = await register(server, call, { privateKey, platform })
    if (isFilled) {
      await call('policy.access.apply', manyPolicies())
      await registerMany(place, { issuer: platform.issuer, audience: server })
    }
    isUp = true
    const replica = () => startReplica({ ...env, REEVE_ISSUER: server })
    return { pid: child.pid ?? 0, client, call, enrolled, replica, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const startReplica = async (env: NodeJS.ProcessEnv): Promise<Replica> => {
  const port = await freePort()
  const child = spawn(process.execPath, [MAIN], { stdio: 'ignore', env: { ...env, REEVE_PORT: String(port) } })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  const untilMs = performance.now() + READY_MS_MAX
  while (!(await isReady(port))) {
    if (performance.now() > untilMs || child.exitCode !== null) {
      await stop()
      throw new Error('a replica did not start')
    }
    await pause(50)
  }
  return { pid: child.pid ?? 0, port, stop }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

const freePort = async (): Promise<number> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const KEK = Buffer.alloc(32, 7).toString('base64')

const postgresDatabase = async (): Promise<{ url: string; drop(): Promise<void> }> => {
  const server = await findPostgres()
  if (server === undefined) throw new Error('no PostgreSQL here; run with --engine sqlite')
  return createTestDatabase(server)
}

interface LoggedError {
  readonly time: number
  readonly msg: string
  readonly err?: { readonly message: string }
}

/** What a process logs at the level of errors. */
const errorsIn = (child: ChildProcess): string[] => {
  const wrong: string[] = []
  if (child.stdout === null) return wrong
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!/"level":[56]0/.test(line)) return
    const { msg, time, err }: LoggedError = JSON.parse(line)
    wrong.push(`${new Date(time).toISOString()} ${msg}: ${err?.message}`)
  })
  return wrong
}

const GREETING = /login --server (\S+) --code (\S+)/

/** Where it listens and the first admin's code, from what it prints at its first start. */
const greetingOf = (child: ChildProcess): Promise<{ server: string; code: string }> =>
  new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => reject(new Error(`Reeve did not start: ${said}`)), READY_MS_MAX)
    child.once('exit', () => reject(new Error(`Reeve did not start: ${said}`)))
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4000)
      const [, server, code] = GREETING.exec(said) ?? []
      if (server === undefined || code === undefined) return
      clearTimeout(late)
      resolve({ server, code })
    })
  })

/** Registers team, identity, resource, grant and credentials, as an admin does. */
const register = async (
  server: string,
  call: Reeve['call'],
  { privateKey, platform }: { readonly privateKey: string; readonly platform: Platform },
): Promise<Client> => {
  await call('inventory.team.create', {
    name: 'commerce',
    technicalContact: 'oncall@bench.example',
    businessContact: 'head@bench.example',
    businessUnit: 'retail',
  })
  const identity = await call('inventory.identity.create', IDENTITY)
  await call('policy.resource.create', {
    name: 'orders-api',
    uri: RESOURCE,
    environment: 'production',
    sensitivity: 'internal',
    owner: 'commerce',
    actions: [
      { name: SCOPE, effect: 'read' },
      { name: 'orders.write', effect: 'write' },
    ],
  })
  await call('policy.grant.create', {
    identity: 'orders-sync',
    resource: 'orders-api',
    actions: [SCOPE],
    expiresAt: '30d',
  })
  const keyed = await call('broker.credential.add', {
    identity: 'orders-sync',
    kind: 'public-key',
    publicKey: createPublicKey(privateKey).export({ format: 'jwk' }),
  })
  const subject = 'pipeline:orders-sync'
  await call('broker.trust.add', {
    ...{ identity: 'orders-sync', issuer: platform.issuer, audience: server, claims: { sub: subject } },
  })
  const secret = await call('broker.credential.add', { identity: 'orders-sync', kind: 'client-secret' })
  return {
    port: Number(new URL(server).port),
    path: '/oauth/token',
    id: textOf(identity, 'id'),
    secret: textOf(secret, 'secret'),
    privateKey,
    keyId: textOf(keyed.credential, 'id'),
    issuer: server,
    resource: RESOURCE,
    scope: SCOPE,
    platform: { issuer: platform.issuer, subject, keyId: platform.keyId },
  }
}

/** What `inventory.identity.create` is told of a service that reads orders. */
export const IDENTITY = {
  name: 'orders-sync',
  kind: 'service',
  owner: 'commerce',
  purpose: 'copies new orders to the warehouse',
  environment: 'production',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
  workflow: { name: 'hourly-sync', repository: 'acme/orders' },
  expiresAt: '90d',
  reviewAt: '30d',
  tags: { business_unit: 'retail', application: 'orders', repository: 'acme/orders' },
}

/** Enrols with a device key and opens a session, as `reeve login` does. */
const enrol = async (server: string, code: string, name: string): Promise<string> => {
  const { publicKey, privateKey } = newKey()
  const person = textOf(
    await post(server, 'lifecycle.person.enrol', {
      code,
      name,
      email: `${name.toLowerCase()}@bench.example`,
      key: publicKey.export({ format: 'jwk' }),
    }),
    'id',
  )
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: person, sub: person, aud: server, jti: crypto.randomUUID(), iat, exp: iat + 60 }
  const input = [{ alg: 'ES256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const assertion = `${input}.${signature.toString('base64url')}`
  return textOf(await post(server, 'lifecycle.session.create', { assertion }), 'token')
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

type Answer = Readonly<Record<string, unknown>>

const post = async (server: string, operation: string, input: object, session?: string): Promise<Answer> => {
  const response = await fetch(`${server}/v1/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(session === undefined ? {} : { authorization: `Bearer ${session}` }),
    },
    body: JSON.stringify(input),
  })
  const answer: unknown = await response.json()
  if (!response.ok || !isRecord(answer)) throw new Error(`${operation} was answered ${JSON.stringify(answer)}`)
  return answer
}

const isRecord = (value: unknown): value is Answer => typeof value === 'object' && value !== null

/** A text of an answer. */
export const textOf = (answer: unknown, field: string): string => {
  const value = isRecord(answer) ? answer[field] : undefined
  if (typeof value !== 'string') throw new Error(`no ${field} in the answer`)
  return value
}

/** The public half of a private key in PEM. */
export const publicPem = (privateKey: string): string =>
  String(createPublicKey(createPrivateKey(privateKey)).export({ format: 'pem', type: 'spki' }))
