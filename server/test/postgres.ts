import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres'
const OWN_PORT = 54_329

let found: Promise<string | undefined> | undefined

/**
 * The URL of a PostgreSQL server to test on: the one named by REEVE_TEST_POSTGRES, the one on 127.0.0.1:5432, or one
 * started from installed binaries. Undefined when there is none; where CI is set that is a failure.
 */
export const findPostgres = (): Promise<string | undefined> => {
  found ??= look()
  return found
}

const look = async (): Promise<string | undefined> => {
  if (process.env.REEVE_TEST_SQLITE_ONLY === '1') return undefined
  for (const url of [process.env.REEVE_TEST_POSTGRES, LOCAL]) if (url !== undefined && (await answers(url))) return url
  const own = startOwn()
  if (own !== undefined && (await answers(own))) return own
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

/** A throw-away cluster in the temporary folder; stopped with this process. */
const startOwn = (): string | undefined => {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root) ? readdirSync(root).sort().at(-1) : undefined
  if (version === undefined) return undefined
  const bin = join(root, version, 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'reeve-pg-'))
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
  run('initdb', ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres', '--no-sync'])
  run('pg_ctl', [
    '-D',
    join(folder, 'data'),
    '-w',
    '-o',
    `-p ${OWN_PORT} -k ${folder} -c listen_addresses=127.0.0.1`,
    '-l',
    join(folder, 'log'),
    'start',
  ])
  process.once('exit', () => run('pg_ctl', ['-D', join(folder, 'data'), '-m', 'immediate', 'stop']))
  return `postgres://postgres@127.0.0.1:${OWN_PORT}/postgres`
}

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
