import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client, Method } from './client.ts'
import { startLoad } from './load.ts'
import { withOriginalPlaces } from './original-places.ts'
import { type Engine, type Reeve, startReeve } from './reeve.ts'
import { type CpuProfile, selfTimes } from './self-times.ts'

const CONNECTIONS = 64
const WARM_SECONDS = 2
const PER_SECOND_MAX = 9_000
const SHOWN = 30

/** Prints where Reeve's main thread spends its time under load: by area, and the functions that take most. */
export const profileReeve = async (given: {
  readonly engines: readonly Engine[]
  readonly methods: readonly Method[]
  readonly seconds: number
  /** Who asks; the client that a token is for, unless told. */
  clientOf?(reeve: Reeve): Promise<Client>
}): Promise<void> => {
  for (const engine of given.engines)
    for (const method of given.methods)
      await profileOne(
        engine,
        method,
        given.seconds / given.methods.length,
        given.clientOf ?? (async ({ client }) => client),
      )
}

const profileOne = async (
  engine: Engine,
  method: Method,
  seconds: number,
  clientOf: (reeve: Reeve) => Promise<Client>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-profile-'))
  const load = startLoad()
  try {
    const reeve = await startReeve(engine, {
      nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'],
    })
    const client = await clientOf(reeve)
    const round = (roundSeconds: number, started: () => void) =>
      load.run(
        {
          client,
          method,
          seconds: roundSeconds,
          connections: CONNECTIONS,
          requestsMax: roundSeconds * PER_SECOND_MAX,
        },
        started,
      )
    let fromMicroseconds = 0
    let perSecond = 0
    let untilMicroseconds = 0
    try {
      await round(WARM_SECONDS, () => undefined)
      perSecond = (
        await round(seconds, () => {
          fromMicroseconds = nowMicroseconds()
        })
      ).perSecond
      untilMicroseconds = nowMicroseconds()
    } finally {
      // It writes its profile when it ends by itself.
      await reeve.stop()
    }
    const [file] = await readdir(folder)
    const profile: CpuProfile = JSON.parse(await readFile(join(folder, file ?? ''), 'utf8'))
    print(`${engine}, ${method}: ${perSecond.toFixed(0)} req/s`, withOriginalPlaces(profile), {
      fromMicroseconds,
      untilMicroseconds,
    })
  } finally {
    await load.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

// V8 dates its samples by the clock that this one reads.
const nowMicroseconds = (): number => Number(process.hrtime.bigint() / 1000n)

const print = (
  title: string,
  profile: CpuProfile,
  window: { readonly fromMicroseconds: number; readonly untilMicroseconds: number },
): void => {
  const { idleShare, areas, functions } = selfTimes(profile, window)
  const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(5)} %`
  console.log(`\n${title}; the main thread is idle ${percent(idleShare).trim()} of the time; shares of the rest:\n`)
  for (const [area, share] of areas) console.log(`${percent(share)}  ${area}`)
  console.log('')
  for (const [name, share] of functions.slice(0, SHOWN)) console.log(`${percent(share)}  ${name}`)
}
