import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { databaseSeconds } from './token/database-seconds.ts'
import { startLoad } from './token/load.ts'
import { cpuSeconds } from './token/measured.ts'
import { startReeve } from './token/reeve.ts'
import { createStops } from './token/stops.ts'

// Tokens a second by several processes on one PostgreSQL, beside those by one of them, in turns. Database and load
// generators have the same cores, so where there are few the ratio says what is left of them and not what replicas could do. What a token
// costs all servers and the database, beside what it costs with one, says whether they are in each other's way: that bounds the ratio on any number of cores.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '12' },
    processes: { type: 'string', default: String(availableParallelism()) },
    method: { type: 'string', default: 'secret' },
  },
})
const processes = Number(values.processes)
if (!(processes >= 2)) throw new RangeError('--processes is a number of at least 2')
const method = values.method === 'jwt' || values.method === 'federation' ? values.method : 'secret'

const CONNECTIONS = 64
const ROUNDS = 5
const WARM_SECONDS = 2
const PER_SECOND_MAX = 12_000

const measureReplicas = async (): Promise<void> => {
  const stops = createStops()
  try {
    const reeve = stops.started(await startReeve('postgres', { isFilled: true }))
    const ports = [reeve.client.port]
    const pids = [reeve.pid]
    while (ports.length < processes) {
      const { pid, port } = stops.started(await reeve.replica())
      ports.push(port)
      pids.push(pid)
    }
    const spent = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), databaseSeconds())
    // One generator for each, so that none of them is what is measured.
    const loads = ports.map(() => stops.started(startLoad()))
    const round = async (asked: readonly number[], seconds: number): Promise<Round> => {
      const connections = CONNECTIONS / asked.length
      const requestsMax = Math.ceil((PER_SECOND_MAX * seconds) / asked.length)
      let before = 0
      const begin = (): void => {
        before ||= spent()
      }
      const results = await Promise.all(
        asked.map((port, at) =>
          loads[at]?.run({ client: { ...reeve.client, port }, method, seconds, connections, requestsMax }, begin),
        ),
      )
      return {
        perSecond: results.reduce((sum, result) => sum + (result?.perSecond ?? 0), 0),
        p99Ms: Math.max(...results.map((result) => result?.p99Ms ?? 0)),
        costUs: (1_000_000 * (spent() - before)) / results.reduce((sum, result) => sum + (result?.count ?? 0), 0),
      }
    }
    const [first = 0] = ports
    const ones: Round[] = []
    const alls: Round[] = []
    for (let at = 0; at <= ROUNDS; at++) {
      const seconds = at === 0 ? WARM_SECONDS : Number(values.seconds) / ROUNDS / 2
      const [one, all] = [await round([first], seconds), await round(ports, seconds)]
      if (at === 0) continue
      ones.push(one)
      alls.push(all)
      console.log(
        `one ${one.perSecond.toFixed(0)} req/s at ${one.costUs.toFixed(0)} us, ${processes} together ${all.perSecond.toFixed(0)} req/s at ${all.costUs.toFixed(0)} us`,
      )
    }
    const perSecond = (rounds: readonly Round[]) => median(rounds.map((each) => each.perSecond))
    const costToOne = median(alls.map((all, at) => all.costUs / (ones[at]?.costUs ?? Number.NaN)))
    const toOne = median(alls.map((all, at) => all.perSecond / (ones[at]?.perSecond ?? Number.NaN)))
    console.log(
      JSON.stringify({
        bench: 'replicas',
        unit: 'req/s',
        processes,
        cores: availableParallelism(),
        one: Math.round(perSecond(ones)),
        reeve: Math.round(perSecond(alls)),
        toOne: Number(toOne.toFixed(2)),
        costToOne: Number(costToOne.toFixed(2)),
        p99Ms: Number(median(alls.map((all) => all.p99Ms)).toFixed(1)),
      }),
    )
  } finally {
    await stops.stop()
  }
}

interface Round {
  readonly perSecond: number
  /** Processor time of a token, of all servers and the database. */
  readonly costUs: number
  readonly p99Ms: number
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

await measureReplicas()
