import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrol } from '../process.ts'
import { setUpWorkload } from '../workload.ts'
import { startReplicas } from './replicas.ts'

const AT_ONCE = 24

for (const [engine, count] of [
  ['sqlite', 1],
  ['postgres', 3],
] as const)
  test(`C2: of many who spend one approval, or vote with one voice, at once on all replicas, one does [${engine}]`, async (t) => {
    const replicas = await startReplicas(engine, count)
    if (replicas === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const { servers, admin } = replicas
      const [first] = servers
      assert.ok(first)
      const { lifecycle } = admin.client(first)
      const { id: target } = await setUpWorkload(first, admin)
      const { code } = await lifecycle.person.invite({ roles: [{ role: 'approver', team: null }] })
      const approver = await enrol(first, code, 'security')
      const everywhere = async (work: (at: (typeof servers)[number]) => Promise<unknown>) => {
        const calls = Array.from({ length: AT_ONCE }, (_, one) => work(servers[one % servers.length] ?? first))
        const ended = await Promise.allSettled(calls)
        const codes = ended.map((each) =>
          each.status === 'fulfilled' ? 'done' : String(Reflect.get(each.reason, 'code')),
        )
        return { done: codes.filter((each) => each === 'done').length, refused: [...new Set(codes)].sort() }
      }
      const mode = { kind: 'identity' as const, target, reason: 'a first import', expiresAt: '2d' }
      const asked = await lifecycle.approval.request({ operation: 'policy.mode.change', input: mode, reason: 'to see' })
      await t.test('one voice', async () => {
        const votes = await everywhere((at) => approver.client(at).lifecycle.approval.approve({ approval: asked.id }))
        assert.deepEqual(votes, { done: 1, refused: ['approval_decided', 'done'] })
      })
      await t.test('one approval', async () => {
        const spent = await everywhere((at) => admin.client(at).policy.mode.change({ ...mode, approval: asked.id }))
        assert.deepEqual(spent, { done: 1, refused: ['approval_used', 'done'] })
      })
      await t.test('not of another input', async () => {
        const { id } = await lifecycle.approval.request({
          operation: 'policy.mode.change',
          input: mode,
          reason: 'again',
        })
        await approver.client(first).lifecycle.approval.approve({ approval: id })
        const other = await everywhere((at) =>
          admin.client(at).policy.mode.change({ ...mode, expiresAt: '3d', approval: id }),
        )
        assert.deepEqual(other, { done: 0, refused: ['approval_mismatch'] })
      })
    } finally {
      await replicas.stop()
    }
  })
