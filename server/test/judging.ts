import assert from 'node:assert/strict'
import { openPlugged } from './plugged.ts'
import { adminCaller, type Room } from './room.ts'

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** The rooms of a test, what a scan tells them, and the judging of the register. */
export const openJudging = async (room: Room) => {
  const { rooms } = await openPlugged(room)
  const run = async (name: string, began = room.clock.now()) => {
    const job = rooms.jobs.find((each) => each.name === name)
    assert.ok(job !== undefined, name)
    await job.run(began)
  }
  const call = async (name: string, input: object): Promise<Answer> => {
    const operation = rooms.operations.find((each) => each.name === name)
    assert.ok(operation !== undefined, name)
    return rooms.pipeline.call(operation, input, adminCaller)
  }
  /** Judges a second later, and tells what is found of rules with this beginning: `rule severity state`. */
  const judge = async (rule = 'posture/'): Promise<readonly string[]> => {
    room.clock.advance(1000)
    await run('inventory: judge posture')
    return (await findings(rule)).map(({ rule: of, severity, state }) => `${of} ${severity} ${state}`).sort()
  }
  const findings = async (rule: string): Promise<readonly Record<string, string>[]> => {
    const { items } = await call('observe.finding.list', { source: 'reeve:posture', limit: 200 })
    return items.filter((each: { rule: string }) => each.rule.startsWith(rule))
  }
  /** All that the one scan of this test sees, without findings unless told. */
  const importing = (sightings: readonly object[], isJudged = true) => {
    room.clock.advance(1000)
    const scan = { name: 'estate', scannedAt: room.clock.now().toISOString(), complete: true, isJudged }
    return call('inventory.sighting.import', { sightings, saltId: '0123456789abcdef', scan })
  }
  const kinds = async () => (await room.events()).map(({ kind }) => kind)
  return { rooms, run, call, judge, findings, importing, kinds }
}

/** A sighting of one file, under this key. */
export const seenAs = (stableKey: string, more: object = {}) => ({
  ...{ source: 'aws', kind: 'account', name: stableKey, stableKey },
  where: { path: 'estate.json', line: 1, repository: 'estate', inRepository: 'estate.json' },
  ...more,
})
