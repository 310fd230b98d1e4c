import assert from 'node:assert/strict'
import { onEveryEngine } from '../../../test/room.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import type { ShadowDifference } from '../engine/index.ts'
import { watchShadow } from './watch-shadow.ts'

const difference = (id: string): ShadowDifference => ({
  principal: `User::${JSON.stringify(id)}`,
  action: 'Action::"read"',
  resource: 'Doc::"a"',
  compiled: '["allow",["p"],[]]',
  official: '["deny",[],[]]',
})

onEveryEngine(
  'two engines that differ are one critical finding a difference, and one that is not kept is reported again',
  async (room) => {
    let differences = [difference('ann'), difference('x'.repeat(1_000))]
    const shadow = {
      differences: () => differences,
      forget: (reported: readonly ShadowDifference[]) => {
        differences = differences.filter((one) => !reported.includes(one))
      },
    }
    const reported: ReportedFinding[] = []
    let isBroken = true
    const findings = {
      report: async (_tx: unknown, found: readonly ReportedFinding[]) => {
        if (isBroken) throw new Error('the database is gone')
        reported.push(...found)
      },
    }
    const job = watchShadow({ database: room.database, shadow, findings })
    await assert.rejects(async () => job.run(room.clock.now()))
    assert.equal(differences.length, 2)
    isBroken = false
    await job.run(room.clock.now())
    await job.run(room.clock.now())
    assert.equal(reported.length, 2)
    assert.equal(new Set(reported.map((one) => one.fingerprint)).size, 2)
    for (const { severity, rule, evidence } of reported) {
      assert.deepEqual([severity, rule], ['critical', 'policy-engines-differ'])
      assert.ok(Object.values(evidence).every((text) => text.length <= 300))
    }
  },
)
