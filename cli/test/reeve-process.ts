import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHostedServer } from '../../server/test/hosted-server.ts'
import { makePlace, type RunningServer } from '../../server/test/process.ts'
import { reeveHere } from './reeve-here.ts'

/** What a run of the real program left behind. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** What a run may be given beside its arguments. */
export interface RunOptions {
  readonly stdin?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
  /** Stops reading standard output after the first piece, as `head` does. */
  readonly closesPipe?: boolean
}

/** Runs the real program with these arguments. */
export type Reeve = (args: readonly string[], options?: RunOptions) => Promise<Ran>

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'cli/bin/reeve.js')

/** The real program, with a folder of its own instead of the person's. */
export const makeReeve = (environment: Readonly<Record<string, string>> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cli-'))
  const { PATH = '' } = process.env
  const own = { PATH, REEVE_CONFIG: join(folder, 'config'), XDG_CACHE_HOME: join(tmpdir(), 'reeve-cli-cache') }
  const reeve: Reeve = (args, options = {}) =>
    run(args, { ...options, environment: { ...own, ...environment, ...options.environment } })
  return { reeve, folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const run = (args: readonly string[], { stdin, environment = {}, closesPipe }: RunOptions): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, env: environment })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      out += piece
      if (closesPipe === true) child.stdout.destroy()
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      err += piece
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? '')
    child.once('close', (code) => resolve({ code, out, err }))
  })

/** A running server, the program logged in to it as its first admin, and a register with a team, two identities and access. */
export interface Running {
  readonly reeve: Reeve
  /** The same person's commands, run in this process. */
  readonly here: Reeve
  readonly server: RunningServer
  readonly folder: string
  stop(): Promise<void>
}

/** Starts a server on SQLite and logs in; with `applies`, the register of examples/access is in it. */
export const startReeve = async ({ applies = true }: { applies?: boolean } = {}): Promise<Running> => {
  const running = await startReeveOn('sqlite', { applies })
  if (running === undefined) throw new Error('SQLite is always there')
  return running
}

/** The same on this engine; undefined where it is not here. */
export const startReeveOn = async (
  engine: 'sqlite' | 'postgres',
  { applies = true }: { applies?: boolean } = {},
): Promise<Running | undefined> => {
  const place = await makePlace(engine)
  if (place === undefined) return undefined
  const server = await startHostedServer(place)
  const { reeve, folder, remove } = makeReeve({ REEVE_SERVER: server.url })
  const stop = async () => {
    await server.stop()
    await place.remove()
    remove()
  }
  const code = /--code (\S+)/.exec(server.stderr())?.[1] ?? ''
  const steps: [readonly string[], string?][] = [
    [['login', '--code', '-', '--name', 'Ada Byron', '--email', 'ada@example.com'], code],
    ...(applies ? [[['apply', 'examples/access']] satisfies [readonly string[]]] : []),
  ]
  const here = reeveHere({ configFolder: join(folder, 'config'), serverUrl: server.url })
  for (const [args, stdin] of steps) {
    const ran = await here(args, { stdin })
    if (ran.code !== 0) {
      await stop()
      throw new Error(`reeve ${args.join(' ')} ended with ${ran.code}: ${ran.err}`)
    }
  }
  return { reeve, here, server, folder, stop }
}

/** Does this for each item, a few at a time. */
export const forEachOf = async <T>(
  items: readonly T[],
  body: (item: T) => Promise<void>,
  atOnce = 3,
): Promise<void> => {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await body(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
