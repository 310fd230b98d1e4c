import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemRandom } from '../random.ts'
import { isJsonObject } from '../strict-json.ts'
import type { BoundKeyState, BoundKeyStore, HeldBoundKey } from '../token/bound-key.ts'
import { takeFile } from './file-lock.ts'

/**
 * Keeps the state of a bound key in a file, for Node: for its user alone, replaced whole, and synced to the disk before
 * anything is sent. All programs of one machine that prove themselves with it share the file, and take turns.
 *
 * @example
 * createTokenSource({ issuer, clientId, audience, auth: { boundKey: createBoundKeyFile('/var/lib/till/key.json') } })
 */
export const createBoundKeyFile = (file: string): BoundKeyStore => {
  const path = resolve(file)
  // Whose turn it is in this process; the file beside tells it to other processes.
  let turn: Promise<void> = Promise.resolve()
  const take = async (): Promise<HeldBoundKey> => {
    const before = turn
    let pass = () => {}
    turn = new Promise((done) => {
      pass = done
    })
    await before
    try {
      const unlock = await waitFor(`${path}.lock`)
      let isHeld = true
      const release = () => {
        if (!isHeld) return
        isHeld = false
        unlock()
        pass()
      }
      try {
        return { state: await read(path), save: (state) => write(path, state), release }
      } catch (error) {
        release()
        throw error
      }
    } catch (error) {
      pass()
      throw error
    }
  }
  return { hold: take }
}

// Whoever holds it waits for one answer, which has its own bound.
const waitsMax = 300
const waitMs = 100

const waitFor = async (lock: string): Promise<() => void> => {
  for (let waited = 0; ; waited++) {
    const unlock = takeFile(lock)
    if (typeof unlock === 'function') return unlock
    if (waited >= waitsMax) throw new Error(`the state of the key is in use by process ${unlock.pid}`)
    // Not by a timer that lets the process end meanwhile, as those of the clock do.
    await pause(waitMs)
  }
}

const read = async (path: string): Promise<BoundKeyState | undefined> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const state: unknown = JSON.parse(text)
  if (!isJsonObject(state)) throw new Error(`${path} is not the state of a bound key`)
  const { privateKey, generation, attempt, previous, isPending } = state
  if (
    !isJsonObject(privateKey) ||
    typeof generation !== 'number' ||
    typeof attempt !== 'string' ||
    (previous !== undefined && typeof previous !== 'string') ||
    typeof isPending !== 'boolean'
  )
    throw new Error(`${path} is not the state of a bound key`)
  return { privateKey: { kty: 'EC', ...privateKey }, generation, attempt, previous, isPending }
}

/** Beside it, synced, moved in one step, and the folder synced: after a crash either state is there, whole. */
const write = async (path: string, state: BoundKeyState): Promise<void> => {
  const own = join(dirname(path), `.${basename(path)}.${systemRandom.id()}`)
  try {
    const file = await open(own, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(state)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(own, path)
  } catch (error) {
    await rm(own, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
