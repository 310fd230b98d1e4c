import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openJudging, seenAs } from '../../../test/judging.ts'
import { onEveryEngine } from '../../../test/room.ts'

const where = { path: 'estate.json', line: 1, repository: 'estate', inRepository: 'estate.json' }
const seen = (key: string, told: Readonly<Record<string, string>>, more: object = {}) =>
  seenAs(key, { traits: Object.entries(told).map(([trait, detail]) => ({ trait, detail, where })), ...more })
const KEY = 'access key 1, active, made 2021-09-01, last used 2026-08-30'
const user = (name: string) => `aws:arn:aws:iam::111122223333:user/${name}`

onEveryEngine(
  'the report has long-lived keys of an internet API, registered or not, but none of some networks',
  async (room) => {
    const { call, run, importing } = await openJudging(room)
    const limited = { 'credential:limited-to-networks': 'from some networks only' }
    await call('inventory.team.create', team())
    const adopted = ['boss', 'inside']
    for (const name of adopted) {
      await call('inventory.identity.create', bot(name))
      await call('inventory.alias.add', { identity: name, key: user(name) })
    }
    await importing(
      [
        seen('aws:arn:aws:iam::111122223333:root', { 'aws:access-key': KEY, 'aws:root-key': 'access key 1' }),
        seen(user('boss'), { 'aws:admin': 'policy all', 'aws:access-key': KEY }),
        seen(user('inside'), { 'aws:admin': 'policy all', 'aws:access-key': KEY, ...limited }),
        seen(user('other-inside'), { 'aws:admin': 'policy all', 'aws:access-key': KEY, ...limited }),
        seen(user('off'), { 'aws:admin': 'policy all', 'aws:access-key': KEY.replace(' active', ' inactive') }),
        seen(
          'okta-token:t',
          {
            'credential:while-used': 'API token ci lives as long as it is used',
            'account:administrators-only': 'API token ci: only an administrator of Okta can have one',
          },
          { source: 'okta' },
        ),
      ],
      false,
    )
    await run('inventory: judge posture')
    await call('observe.report.make', {})
    const { items } = await call('observe.report.show', {})
    const lines = items.map(({ name, evidence: [first = ''] }: Line) => `${name ?? 'not registered'}, ${first}`)
    assert.deepEqual(lines.sort(), [
      // Once by what the register knows of it, and once by the sighting, which nobody had judged.
      'boss, privileged: aws: policy all (estate.json:1)',
      'boss, privileged: policy all (estate.json:1)',
      'not registered, privileged: API token ci: only an administrator of Okta can have one (estate.json:1)',
      'not registered, privileged: access key 1 (estate.json:1)',
    ])
  },
)

interface Line {
  readonly name: string | null
  readonly evidence: readonly string[]
}
