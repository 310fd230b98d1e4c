import { judgeDocuments } from '../src/connectors/judge-worker.ts'
import { createOutbound } from '../src/kit/fetch.ts'
import type { RoomsGiven } from '../src/rooms.ts'
import { personCaller } from './lifecycle.ts'
import { openPlugged } from './plugged.ts'
import type { Room } from './room.ts'

export const admin = personCaller('per_admin', { role: 'admin', team: null })

/** All rooms with connectors that may ask this machine, and whose answers are judged in this process. */
export const openLive = async (room: Room, over: Partial<RoomsGiven> = {}) => {
  const waited: number[] = []
  const plugged = await openPlugged(room, {
    outbound: createOutbound({ privateNetworks: ['127.0.0.0/8'] }),
    judgeLive: async (question) => judgeDocuments(question),
    waitLive: async (seconds) => void waited.push(seconds),
    ...over,
  })
  const { rooms } = plugged
  const call = (name: string, input: unknown) => plugged.call(name, input, admin)
  const settle = async () => {
    await rooms.connectorRuns.begin(room.clock.now())
    await rooms.connectorRuns.settled()
  }
  return {
    rooms,
    call,
    settle,
    /** For how many seconds vendors had it wait. */
    waited,
    /** Has a connector ask now, a minute after whatever was before; what came of it. */
    run: async (connector: string) => {
      room.clock.advance(60_000)
      await call('inventory.connector.run', { connector })
      await settle()
      return (await call('inventory.connector.show', { connector })).lastRun
    },
  }
}

/** The rules that find something about the sighting with this key now. */
export const findingRules = async (
  { call }: Pick<Awaited<ReturnType<typeof openLive>>, 'call'>,
  key: string,
): Promise<readonly string[]> =>
  (await call('observe.finding.list', { limit: 200 })).items
    .filter((each: { sighting: string; state: string }) => each.sighting === key && each.state === 'open')
    .map((each: { rule: string }) => each.rule)
    .sort()
