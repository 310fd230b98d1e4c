import { readFileSync } from 'node:fs'
import { inTurn, saturating } from '../saturating.ts'
import { checkAnswers, checkKeyAnswers } from './check-answers.ts'
import type { Client, Method } from './client.ts'
import type { Load, LoadOrder } from './load.ts'

/** A program under load, and what was measured of it. */
export interface Measured {
  readonly name: string
  readonly pid: number
  readonly client: Client
  readonly jwksUrl: string | undefined
  readonly limitKey: string
  /** How it is asked, where that differs from the others. */
  readonly method?: Method
}

/** The medians of one program's rounds. */
export interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of the whole process per request, all its threads. */
  readonly cpuMicroseconds: number
  /** What it held when the last round ended. */
  readonly memoryMb: number
  readonly rounds: readonly number[]
  /** Over how many it was asked. */
  readonly connections: number
}

/** How many times as fast the one was as the other: the median over rounds, each compared with its neighbour in time. */
export const ratioOf = (one: Figures, other: Figures): number =>
  median(one.rounds.map((perSecond, at) => perSecond / (other.rounds[at] ?? Number.NaN)))

/** One program's figures as people read them. */
export const lineText = (
  name: string,
  { perSecond, p50Ms, p99Ms, cpuMicroseconds, memoryMb, rounds, connections }: Figures,
): string =>
  [
    name.padEnd(18),
    `${String(connections).padStart(3)} connections`,
    `${perSecond.toFixed(0).padStart(6)} req/s`,
    `p50 ${p50Ms.toFixed(1)} ms`,
    `p99 ${p99Ms.toFixed(1)} ms`,
    `cpu ${cpuMicroseconds.toFixed(0)} us`,
    `${memoryMb.toFixed(0)} MB`,
    `rounds ${rounds.map((each) => each.toFixed(0)).join(' ')}`,
  ].join('  ')

// Short and many: what else the machine does then meets neighbouring rounds alike, and medians leave out the worst.
const ROUNDS = 9
const WARM_SECONDS = 4
// Far above what two cores can; only the first round of a program is made on a guess.
const FIRST_PER_SECOND = 9_000
const SPARE = 1.3

/** Rounds in turn over these programs, after one that warms each up and is not counted. */
export const measure = async (
  load: Load,
  programs: readonly Measured[],
  given: { readonly method: Method; readonly seconds: number },
): Promise<readonly Figures[]> => {
  const askers = programs.map((program) => askerOf(load, program, program.method ?? given.method))
  const connections: number[] = []
  for (const ask of askers)
    connections.push(await saturating(WARM_SECONDS, async (many, seconds) => (await ask(many, seconds)).perSecond))
  const rounds: Round[][] = programs.map(() => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, ask] of inTurn([...askers.entries()], round))
      rounds[index]?.push(await ask(connections[index] ?? 0, given.seconds / ROUNDS))
  return rounds.map((each, index) => figuresOf(each, connections[index] ?? 0))
}

const askerOf = (load: Load, program: Measured, method: Method) => {
  let expected = FIRST_PER_SECOND
  return async (connections: number, seconds: number): Promise<Round> => {
    const requestsMax = Math.ceil(expected * seconds * SPARE)
    const done = await oneRound(load, program, { method, seconds, connections, requestsMax })
    expected = Math.max(done.perSecond, 1_000)
    return done
  }
}

interface Round {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicroseconds: number
  readonly memoryMb?: number
}

const oneRound = async (load: Load, program: Measured, order: Omit<LoadOrder, 'client'>): Promise<Round> => {
  let before = 0
  const result = await load.run({ client: program.client, ...order }, () => {
    before = cpuSeconds(program.pid)
  })
  const spent = cpuSeconds(program.pid) - before
  try {
    if (order.method === 'api-key') checkKeyAnswers(result.samples, program.client)
    else await checkAnswers(result.samples, program)
  } catch (error) {
    throw new Error(`${program.name} gave a wrong answer`, { cause: error })
  }
  return { ...result, cpuMicroseconds: (spent * 1e6) / result.count, memoryMb: memoryMb(program.pid) }
}

/** The medians of rounds. */
export const figuresOf = (rounds: readonly Round[], connections: number): Figures => ({
  connections,
  memoryMb: rounds.at(-1)?.memoryMb ?? 0,
  perSecond: median(rounds.map((round) => round.perSecond)),
  p50Ms: median(rounds.map((round) => round.p50Ms)),
  p99Ms: median(rounds.map((round) => round.p99Ms)),
  cpuMicroseconds: median(rounds.map((round) => round.cpuMicroseconds)),
  rounds: rounds.map((round) => round.perSecond),
})

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** Resident memory of a process. */
const memoryMb = (pid: number): number => {
  if (process.platform !== 'linux') return 0
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

// proc(5): utime and stime are the 14th and 15th field, in hundredths of a second; the name before may hold spaces.
/** Processor time of a process so far, all its threads. */
export const cpuSeconds = (pid: number): number => secondsIn(pid, 11)

/** That of the processes that it started and that have ended: the two fields behind. */
export const endedSeconds = (pid: number): number => secondsIn(pid, 13)

const secondsIn = (pid: number, first: number): number => {
  if (process.platform !== 'linux') return 0
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[first]) + Number(fields[first + 1])) / 100
}
