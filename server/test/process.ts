import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Client, createClient } from '@reeve/sdk/client'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Engine } from '../src/kit/database.ts'
import { startHostedServer, stopHosted } from './hosted-server.ts'
import { leaseDatabase } from './leased-postgres.ts'
import { migratedFile } from './migrated-sqlite.ts'
import { createTestDatabase, findPostgres } from './postgres.ts'

/** Where servers keep their data: a fresh folder, and on PostgreSQL a fresh database. Servers come and go on it. */
export interface Place {
  readonly engine: Engine
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  remove(): Promise<void>
}

/** A running server, on the thread of the tests’ servers or in a process of its own. */
export interface RunningServer {
  readonly url: string
  /** All that it has written to stdout and stderr so far, as it came. */
  output(): string
  stderr(): string
  /** Asks it to stop, and waits for its end. */
  stop(): Promise<void>
}

/** A running `server/src/main.js`. */
export interface ServerProcess extends RunningServer {
  readonly pid: number
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void
}

/** The first admin: a person with a device key and an open session. Outlives the process that enrolled it. */
export interface Admin {
  readonly person: string
  readonly token: string
  client(server: { readonly url: string }): Client
  /** Opens one more session, for all that the person may or narrowed to this. */
  login(server: { readonly url: string }, narrowedTo?: NarrowedTo): Promise<string>
}

/**
 * A place on this engine; undefined when PostgreSQL is not here. The first server finds its tables made; where
 * making them is the subject, or the database itself is changed, it is an empty one of the test's own.
 */
export const makePlace = async (engine: Engine, tables: 'made' | 'not made' = 'made'): Promise<Place | undefined> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-process-'))
  const removeFolder = async () => {
    await stopHosted(folder)
    for (const child of running.get(folder) ?? []) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  const data = { REEVE_DATA: join(folder, 'data') }
  if (engine === 'sqlite') {
    if (tables === 'made') {
      mkdirSync(data.REEVE_DATA, { mode: 0o700 })
      writeFileSync(join(data.REEVE_DATA, 'reeve.db'), await migratedFile(), { mode: 0o600 })
    }
    return { engine, folder, environment: data, remove: removeFolder }
  }
  const postgres = await findPostgres()
  if (postgres === undefined) return undefined
  const { url, drop } = tables === 'made' ? await leasedIn(postgres) : await createTestDatabase(postgres)
  return {
    engine,
    folder,
    environment: { ...data, REEVE_DATABASE_URL: url },
    remove: async () => {
      await removeFolder()
      await drop()
    },
  }
}

const leasedIn = async (server: string) => {
  const { url, giveBack } = await leaseDatabase(server)
  return { url, drop: giveBack }
}

// The servers of each folder: a test that fails half way leaves none behind that would keep its process alive.
const running = new Map<string, Set<ChildProcess>>()

/** What tests set unless they say otherwise: a free port, and no rate limit in their way. */
export const DEFAULTS = {
  REEVE_PORT: '0',
  REEVE_RATE_LIMIT: '10000000',
  REEVE_GRACE_SECONDS: '0',
  REEVE_DRAIN_SECONDS: '1',
}
/** The program that a person starts. */
export const MAIN = join(import.meta.dirname, '../src/main.js')
const READY_MS_MAX = 180_000

/** Starts the real server here and waits until it says that it listens. Fails with what it wrote when it ends instead. */
export const startServer = async (
  place: Place,
  environment: Readonly<Record<string, string>> = {},
  watchedBy: readonly string[] = [],
): Promise<ServerProcess> => {
  const server = spawnServer(place, environment, watchedBy)
  return { ...server, url: await server.listening() }
}

/**
 * A server that was started and may or may not come to listen. `watchedBy` is a program, with its words, that runs it.
 * `refused` is how one ends that must not listen: it fails at once where that one does, and would never end by itself.
 */
export const spawnServer = (
  place: Place,
  environment: Readonly<Record<string, string>> = {},
  watchedBy: readonly string[] = [],
): Omit<ServerProcess, 'url'> & {
  listening(): Promise<string>
  refused(): Promise<{ readonly code: number | null }>
} => {
  const { PATH = '' } = process.env
  const [program = '', ...words] = [...watchedBy, process.execPath, MAIN]
  const child = spawn(program, words, {
    env: { PATH, ...DEFAULTS, ...place.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = collect(child)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const ofFolder = running.get(place.folder) ?? new Set()
  running.set(place.folder, ofFolder.add(child))
  const last = () => child.kill('SIGKILL')
  process.once('exit', last)
  void exited.then(() => {
    process.off('exit', last)
    ofFolder.delete(child)
  })
  return {
    pid: child.pid ?? 0,
    listening: () => urlOf(child, written, exited),
    refused: async () => {
      const url = await urlOf(child, written, exited).catch(() => undefined)
      if (url === undefined) return exited
      child.kill('SIGKILL')
      throw new Error(`the server was to refuse its start, and listens at ${url}`)
    },
    output: written.all,
    stderr: written.stderr,
    exited,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

const ENROLMENT_CODE = /--code (\S+)/

/** Becomes the first admin with the code that the server printed on stderr. */
export const enrolAdmin = async (server: RunningServer, code = ENROLMENT_CODE.exec(server.stderr())?.[1]) => {
  if (code === undefined) throw new Error(`no enrolment code on stderr:\n${server.output()}`)
  return enrol(server, code, 'admin')
}

/** Becomes the person that a code makes, with a device key and an open session. */
export const enrol = async (server: { readonly url: string }, code: string, word: string): Promise<Admin> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const { x = '', y = '' } = await exportJWK(publicKey)
  const person = await createClient({ baseUrl: server.url }).lifecycle.person.enrol({
    code,
    name: `Test ${word}`,
    email: `${word}@example.com`,
    key: { kty: 'EC', crv: 'P-256', x, y },
  })
  const login = (at: { readonly url: string }, narrowedTo?: NarrowedTo) =>
    openSession(at.url, person.id, privateKey, narrowedTo)
  const token = await login(server)
  const admin: Admin = {
    person: person.id,
    token,
    client: ({ url }) => createClient({ baseUrl: url, token, timeoutMs: 15_000 }),
    login,
  }
  return admin
}

/** What a test with a server of its own does. */
type ServerTest<Server extends RunningServer> = (
  running: { place: Place; server: Server; admin: Admin },
  t: TestContext,
) => Promise<void>

/** Registers the test once on each engine that is here, with a running server and its first admin. */
export const onEveryServer = (
  name: string,
  body: ServerTest<RunningServer>,
  environment: Readonly<Record<string, string>> = {},
): void => onEvery(startHostedServer, name, { body, environment })

/** The same with a server that is a process of its own: where that is the subject, or its time and memory are measured. */
export const onEveryServerProcess = (
  name: string,
  body: ServerTest<ServerProcess>,
  environment: Readonly<Record<string, string>> = {},
): void => onEvery(startServer, name, { body, environment })

const onEvery = <Server extends RunningServer>(
  start: (place: Place, environment: Readonly<Record<string, string>>) => Promise<Server>,
  name: string,
  given: { body: ServerTest<Server>; environment: Readonly<Record<string, string>> },
): void => {
  for (const engine of ['sqlite', 'postgres'] as const)
    test(`${name} [${engine}]`, async (t) => {
      const place = await makePlace(engine)
      if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
      try {
        const server = await start(place, given.environment)
        try {
          await given.body({ place, server, admin: await enrolAdmin(server) }, t)
        } finally {
          await server.stop()
        }
      } finally {
        await place.remove()
      }
    })
}

type NarrowedTo = NonNullable<Parameters<Client['lifecycle']['session']['create']>[0]['narrowedTo']>

const openSession = async (url: string, person: string, key: CryptoKey, narrowedTo?: NarrowedTo): Promise<string> => {
  const metadata: unknown = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json()
  const issuer =
    typeof metadata === 'object' && metadata !== null && 'issuer' in metadata ? String(metadata.issuer) : ''
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer(person)
    .setSubject(person)
    .setAudience(issuer)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key)
  const asked = { assertion, ...(narrowedTo === undefined ? {} : { narrowedTo }) }
  return (await createClient({ baseUrl: url }).lifecycle.session.create(asked)).token
}

const collect = (child: ChildProcess) => {
  let all = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    all += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    all += text
    stderr += text
  })
  return { all: () => all, stderr: () => stderr }
}

const LISTENING = /^\{.*"url":"([^"]+)".*"msg":"listening"\}$/m

/** Resolves with the address of the log's `listening` line. */
const urlOf = (
  child: ChildProcess,
  written: { all(): string },
  exited: Promise<{ code: number | null }>,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const limit = setTimeout(() => fail('did not listen in time'), READY_MS_MAX)
    const fail = (why: string) => {
      clearTimeout(limit)
      child.kill('SIGKILL')
      reject(new Error(`the server ${why}; it wrote:\n${written.all()}`))
    }
    child.stdout?.on('data', () => {
      const url = LISTENING.exec(written.all())?.[1]
      if (url === undefined) return
      clearTimeout(limit)
      resolve(url)
    })
    void exited.then(({ code }) => fail(`ended with ${code}`))
  })
