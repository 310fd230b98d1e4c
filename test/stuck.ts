import type { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * Ends a program of tests of which nothing was heard for longer than a test may take. Node's own bound is a timer in the
 * program, which one that computes for ever never comes to, and it does not end one that left something open.
 */
export const endStuck = <T extends EventEmitter>(told: T, silentMsMax: number): T => {
  const heardMs = new Map<string, number>()
  const begun = new Map<string, string>()
  for (const event of ['test:enqueue', 'test:dequeue', 'test:complete', 'test:stdout', 'test:stderr'])
    told.on(event, ({ entryFile, file, name }: Heard) => {
      const program = entryFile ?? file ?? name
      heardMs.set(program, performance.now())
      if (event === 'test:dequeue') begun.set(program, name)
    })
  const look = () => {
    const programs = running()
    for (const { pid, words } of programs.filter(({ parent }) => parent === process.pid)) {
      const program = words.map((word) => resolve(word)).find((word) => heardMs.has(word))
      if (program === undefined || performance.now() - (heardMs.get(program) ?? 0) < silentMsMax) continue
      const minutes = Math.round(silentMsMax / 60_000)
      console.error(`\n${program} is ended: silent for ${minutes} minutes, since it began "${begun.get(program)}"`)
      for (const each of [pid, ...startedBy(pid, programs)]) end(each)
    }
  }
  const looking = setInterval(look, Math.min(LOOK_EVERY_MS, silentMsMax)).unref()
  told.once('end', () => clearInterval(looking))
  return told
}

const LOOK_EVERY_MS = 15_000

interface Heard {
  readonly entryFile?: string
  readonly file?: string
  readonly name: string
}
interface Running {
  readonly pid: number
  readonly parent: number
  readonly words: readonly string[]
}

/** Every process of the machine as proc(5) has it; none where there is no such thing. */
const running = (): Running[] => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(processOf)
  } catch {
    return []
  }
}

const processOf = (pid: string): Running[] => {
  try {
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'),
      },
    ]
  } catch {
    // It has ended since.
    return []
  }
}

// The servers of a program that is killed would go on.
const startedBy = (pid: number, programs: readonly Running[]): number[] =>
  programs.filter(({ parent }) => parent === pid).flatMap((each) => [each.pid, ...startedBy(each.pid, programs)])

const end = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended since.
  }
}
