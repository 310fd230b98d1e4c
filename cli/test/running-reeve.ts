import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '@reeve/sdk'
import { createFakeIssuer } from '../../sdk/test/fake-issuer.ts'
import { ROOT } from './reeve-process.ts'

/** The identity that the issuer of these tests knows, by this secret. */
export const IDENTITY = 'nhi_1'
const SECRET = 'a-secret-of-the-tests'

/** How a program is started otherwise than by the secret on a pipe as its standard input. */
export interface Started {
  readonly proof?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The number under which it has the secret as an open file. */
  readonly descriptor?: number
}

/** An issuer in this process, whose tokens live so long, and folders for what the real program keeps. */
export const startWorkload = async (t: TestContext, { lifeSeconds = 600 }: { readonly lifeSeconds?: number } = {}) => {
  const issuer = await createFakeIssuer({ clock: systemClock, lifeSeconds })
  issuer.tokens.addSecret(IDENTITY, SECRET)
  const folder = mkdtempSync(join(tmpdir(), 'reeve-workload-'))
  t.after(async () => {
    await issuer.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Starts the real program with these words, proving itself by its secret. */
  const start = (
    command: string,
    flags: readonly string[],
    words: readonly string[] = [],
    { proof = ['--secret-file', '-'], environment, descriptor }: Started = {},
  ) => {
    const { PATH = '' } = process.env
    const own = [command, IDENTITY, '--for', 'https://orders.test', ...proof, '--server', issuer.url]
    const args = [...own, ...flags, ...(words.length === 0 ? [] : ['--', ...words])]
    const stdio: ('pipe' | 'ignore' | number)[] = ['pipe', 'pipe', 'pipe']
    const file = descriptor === undefined ? undefined : openSecret(folder)
    if (descriptor !== undefined && file !== undefined) {
      while (stdio.length < descriptor) stdio.push('ignore')
      stdio[descriptor] = file
    }
    const child = spawn(process.execPath, [join(ROOT, 'cli/bin/reeve.js'), ...args], {
      env: {
        PATH,
        REEVE_CONFIG: join(folder, 'config'),
        XDG_RUNTIME_DIR: folder,
        XDG_CACHE_HOME: CACHE,
        ...environment,
      },
      stdio,
    })
    if (file !== undefined) closeSync(file)
    child.stdin?.end(SECRET)
    t.after(() => child.kill('SIGKILL'))
    const said = { out: '', err: '' }
    const listeners = new Set<() => void>()
    for (const [stream, key] of [
      [child.stdout, 'out'],
      [child.stderr, 'err'],
    ] as const)
      stream?.setEncoding('utf8').on('data', (piece: string) => {
        said[key] += piece
        for (const listener of listeners) listener()
      })
    const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, ...said })),
    )
    /** Resolves with what was printed so far once it fits; rejects when the program ended before. */
    const until = (fits: RegExp, stream: 'out' | 'err' = 'out'): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!fits.test(said[stream])) return
          listeners.delete(look)
          resolve(said[stream])
        }
        listeners.add(look)
        look()
        void ended.then(({ code }) => reject(new Error(`ended with ${code} before ${fits}: ${said.out}${said.err}`)))
      })
    return { kill: (name: NodeJS.Signals) => child.kill(name), until, ended }
  }

  /** What the program keeps beside what it was told to keep, as it ends: nothing. */
  const leftOver = () => readdirSync(folder).filter((name) => name.startsWith('reeve-'))
  return { issuer, folder, start, leftOver }
}

const openSecret = (folder: string): number => {
  const path = join(folder, 'secret')
  writeFileSync(path, SECRET)
  return openSync(path, 'r')
}

const CACHE = join(tmpdir(), 'reeve-cli-cache')
