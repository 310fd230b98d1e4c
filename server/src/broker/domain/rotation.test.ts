import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rounds } from '../../../../test/rounds.ts'
import { type Consumer, hasMoved, type RotationGiven, rotationStep } from './rotation.ts'

const NOW = 1_000_000_000
const MINUTE = 60_000
const QUIET = 15 * MINUTE

const usual: RotationGiven = {
  deadline: NOW + 1,
  atDeadline: 'retire',
  isFound: false,
  old: { isQuarantined: false, endsAt: NOW + 1 },
  isNewUsable: true,
  consumers: [{ instance: 'pod-1', address: '10.0.0.1', oldSeenAt: NOW - QUIET, newSeenAt: NOW - MINUTE }],
  areAllKnown: true,
  countedUntil: NOW,
  quietMs: QUIET,
  now: NOW,
}
const [consumer] = usual.consumers

const behind: Consumer = { instance: 'pod-2', address: '10.0.0.2', oldSeenAt: NOW - QUIET, newSeenAt: null }

const CASES: Readonly<Record<string, readonly [Partial<RotationGiven>, string]>> = {
  'all moved, and nobody came back for as long as a token lives': [{}, 'retire-moved'],
  'one has not moved': [{ consumers: [...usual.consumers, behind] }, 'wait'],
  'one is back on the old one': [{ consumers: [{ ...behind, oldSeenAt: NOW - 1, newSeenAt: NOW - 2 }] }, 'wait'],
  'one was seen on both at the same moment': [{ consumers: [{ ...behind, newSeenAt: NOW - QUIET }] }, 'wait'],
  'somebody could still hold a token of the old one': [
    { consumers: [{ ...behind, oldSeenAt: NOW - QUIET + 1, newSeenAt: NOW }] },
    'wait',
  ],
  'nobody is known': [{ consumers: [] }, 'wait'],
  'more used it than are kept': [{ areAllKnown: false }, 'wait'],
  'uses are not counted up to now': [
    { consumers: [{ ...behind, oldSeenAt: NOW - 2 * QUIET, newSeenAt: NOW }], countedUntil: NOW - MINUTE - 1 },
    'wait',
  ],
  'the old one is quarantined': [{ old: { isQuarantined: true, endsAt: NOW + 1 } }, 'wait'],
  'the new one cannot be used': [{ isNewUsable: false }, 'wait'],
  'the deadline came, and it is quarantined': [
    { deadline: NOW, old: { isQuarantined: true, endsAt: NOW + 1 } },
    'wait',
  ],
  'the deadline came': [{ deadline: NOW, consumers: [behind] }, 'retire-deadline'],
  'the deadline came, and nobody is known': [{ deadline: NOW, consumers: [] }, 'retire-deadline'],
  'the deadline came, and it is to be kept': [
    { deadline: NOW, consumers: [behind], atDeadline: 'keep-and-find' },
    'find',
  ],
  'the deadline had come, and it was kept': [
    { deadline: NOW, consumers: [behind], atDeadline: 'keep-and-find', isFound: true },
    'wait',
  ],
  'it was kept, and all moved since': [{ deadline: NOW, atDeadline: 'keep-and-find', isFound: true }, 'retire-moved'],
  'the old one expired': [{ old: { isQuarantined: false, endsAt: NOW } }, 'expire'],
}

for (const [what, [over, step]] of Object.entries(CASES))
  test(`a rotation when ${what}: ${step}`, () => assert.equal(rotationStep({ ...usual, ...over }), step))

test('the usual rotation has a consumer', () => assert.ok(consumer !== undefined && hasMoved(consumer)))

const time = fc.integer({ min: NOW - 60 * MINUTE, max: NOW })
const anyConsumer: fc.Arbitrary<Consumer> = fc.record({
  instance: fc.constantFrom('', 'pod-1', 'pod-2'),
  address: fc.constantFrom('', '10.0.0.1'),
  oldSeenAt: time,
  newSeenAt: fc.option(time),
})

test('a credential retires before its deadline only when all who used it are known and were seen on the new one since', () => {
  fc.assert(
    fc.property(
      fc.record<RotationGiven>({
        deadline: fc.integer({ min: NOW - MINUTE, max: NOW + MINUTE }),
        atDeadline: fc.constantFrom('retire', 'keep-and-find'),
        isFound: fc.boolean(),
        old: fc.record({
          isQuarantined: fc.boolean(),
          endsAt: fc.integer({ min: NOW - MINUTE, max: NOW + 10 * MINUTE }),
        }),
        isNewUsable: fc.boolean(),
        consumers: fc.array(anyConsumer, { maxLength: 4 }),
        areAllKnown: fc.boolean(),
        countedUntil: fc.integer({ min: NOW - 3 * MINUTE, max: NOW }),
        quietMs: fc.constantFrom(MINUTE, QUIET),
        now: fc.constant(NOW),
      }),
      (given) => {
        const step = rotationStep(given)
        if (step !== 'retire-moved' && step !== 'retire-deadline') return
        assert.ok(!given.old.isQuarantined && given.isNewUsable && given.old.endsAt > NOW)
        if (step === 'retire-deadline') {
          assert.ok(given.deadline <= NOW && given.atDeadline === 'retire')
          return
        }
        assert.ok(given.areAllKnown && given.consumers.length > 0 && given.countedUntil >= NOW - MINUTE)
        for (const { oldSeenAt, newSeenAt } of given.consumers) {
          assert.ok(newSeenAt !== null && newSeenAt > oldSeenAt)
          assert.ok(oldSeenAt <= NOW - given.quietMs)
        }
      },
    ),
    { numRuns: rounds({ quick: 5_000, full: 100_000 }) },
  )
})
