import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres'

let found: Promise<string | undefined> | undefined

/**
 * The URL of a PostgreSQL server to test on: the one named by REEVE_TEST_POSTGRES, the one on 127.0.0.1:5432, or one
 * started from installed binaries, which is asked for `first` where that is worth its start. Undefined when there is
 * none; where CI is set that is a failure.
 */
export const findPostgres = (first: 'running' | 'started' = 'running'): Promise<string | undefined> => {
  found ??= look(first)
  return found
}

const look = async (first: 'running' | 'started'): Promise<string | undefined> => {
  if (process.env.REEVE_TEST_SQLITE_ONLY === '1') return undefined
  const named = async () => process.env.REEVE_TEST_POSTGRES
  const running = async () => LOCAL
  const others = first === 'started' ? [startOwn, running] : [running, startOwn]
  for (const way of [named, ...others]) {
    const url = await way()
    if (url !== undefined && (await answers(url))) return url
  }
  if (process.env.CI !== undefined) throw new Error('CI needs a PostgreSQL server on 127.0.0.1:5432 or its binaries')
  return undefined
}

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1500 })
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

const OWN = 'reeve-pg-'

/** A throw-away cluster in the temporary folder, with the settings of any other; it ends with this process. */
const startOwn = async (): Promise<string | undefined> => {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root) ? readdirSync(root).sort().at(-1) : undefined
  if (version === undefined) return undefined
  removeLeftBehind()
  const bin = join(root, version, 'bin')
  const folder = mkdtempSync(join(tmpdir(), `${OWN}${process.pid}-`))
  const data = join(folder, 'data')
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['postgres', folder])
  const run = (command: string, args: string[]) =>
    isRoot
      ? spawnSync('su', [
          'postgres',
          '-s',
          '/bin/sh',
          '-c',
          [join(bin, command), ...args].map((a) => `'${a}'`).join(' '),
        ])
      : spawnSync(join(bin, command), args)
  const port = await freePort()
  run('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'])
  // What is kept of the log is memory, where the folder is.
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c max_wal_size=256MB`
  run('pg_ctl', ['-D', data, '-w', '-o', settings, '-l', join(folder, 'log'), 'start'])
  const stop = () => {
    run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop'])
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', stop)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      stop()
      process.kill(process.pid, signal)
    })
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

/** Whoever was killed could stop nothing: a server ends within a minute when its folder is gone. */
const removeLeftBehind = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${OWN}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** A fresh, empty database on that server and how to drop it. */
export const createTestDatabase = async (server: string): Promise<{ url: string; drop(): Promise<void> }> => {
  const name = `reeve_test_${randomBytes(6).toString('hex')}`
  await onServer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onServer(server, `drop database if exists ${name} with (force)`) }
}

const onServer = async (server: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
