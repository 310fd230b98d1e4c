import assert from 'node:assert/strict'
import { openPlugged } from '../plugged.ts'
import { onEveryEngine } from '../room.ts'

// U2 of the trust bars, of what the clock starts. A new job is in this table, or fails the test.

/** The kinds of event that a turn of each job leaves for what it did, or why it leaves none. */
const LEAVES: Readonly<Record<string, { readonly events: readonly string[] } | { readonly noneBecause: string }>> = {
  'broker.key.advance': { events: ['broker.key.advance'] },
  'broker.seal.advance': { events: ['broker.seal.advance'] },
  'broker.rotation.advance': { events: ['broker.rotation.advance'] },
  'broker.sweep': { noneBecause: 'it forgets what is over, the end of which has an event or was in that of its begin' },
  'inventory.identity.expire': { events: ['inventory.identity.expire'] },
  'policy.grant.expire': { events: ['policy.grant.expire', 'policy.mode.expire'] },
  'policy.set.watch': { noneBecause: 'a finding is a row of its own; what made it is not an act of this server' },
  'policy.shadow.watch': { noneBecause: 'a finding is a row of its own; what made it is not an act of this server' },
  'inventory: run connectors': {
    events: [
      ...['inventory.connector.finish', 'inventory.connector.tag'],
      ...['inventory.sighting.import', 'observe.finding.import'],
    ],
  },
  'inventory: sum counts': { noneBecause: 'it adds up what was counted with each change; the change has an event' },
  'inventory: recount': {
    noneBecause: 'it puts sums right that are no facts of their own; each identity is as its events say',
  },
  'inventory: judge new identities': { events: ['observe.finding.open'] },
  'inventory: judge posture': {
    events: ['observe.finding.open', 'observe.finding.change', 'observe.finding.close'],
  },
  'observe: record last use': { noneBecause: 'it sums up events: each use is one' },
  'observe: forget old use': { noneBecause: 'it forgets sums of events; the events stay' },
  'observe: reopen findings': { events: ['observe.finding.reopen'] },
  'observe: make reports': { events: ['observe.report.make'] },
  'observe: deliver reports': { events: ['observe.report.deliver', 'observe.finding.close'] },
  'observe: forget old reports': { noneBecause: 'that each was made and delivered stays in the log' },
  'observe: thin checkpoints': { noneBecause: 'the newer checkpoints vouch for everything that the thinned ones did' },
  'lifecycle: forget what is over': { noneBecause: 'the end of each was told by its own event, which stays' },
  'kit: sweep': { noneBecause: 'it forgets changes that every replica heard, and what was kept to know a repeat' },
}

onEveryEngine('every job is in the table of what it leaves on record, or why nothing', async (room) => {
  const { rooms } = await openPlugged(room)
  assert.deepEqual(rooms.jobs.map(({ name }) => name).toSorted(), Object.keys(LEAVES).toSorted())
  const operations = new Set(rooms.operations.map(({ name }) => name))
  // Those that act on an operation's words leave that operation's event.
  for (const { name } of rooms.jobs.filter((job) => operations.has(job.name))) {
    const leaves = LEAVES[name]
    assert.ok(leaves !== undefined && 'events' in leaves && leaves.events.includes(name), name)
  }
})
