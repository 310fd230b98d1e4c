import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { readSource } from '../../../test/read-source.ts'
import { graphSource } from './source.ts'

const ARN = 'arn:aws:iam::111122223333:role/deploy'
const node = (id: string, label: string, properties: object) => ({ type: 'node', id, labels: [label], properties })

testExports(graphSource, [
  ['a role', node('1', 'AWSRole', { arn: ARN }), []],
  [
    'a key that nobody uses',
    node('1', 'AccountAccessKey', { accesskeyid: 'AKIA1', lastuseddate: '2026-01-01' }),
    ['account/unused medium'],
  ],
  [
    'an account that was used',
    node('1', 'GCPServiceAccount', { email: 'a@b.iam.gserviceaccount.com', lastused: '2026-08-30' }),
    [],
  ],
])

test('an edge is a reach of the identity that it starts at, in the lines of Neo4j as in lists', () => {
  const role = node('1', 'AWSRole', { arn: ARN })
  const bucket = node('2', 'S3Bucket', { name: 'backups' })
  const edge = {
    id: '3',
    type: 'relationship',
    label: 'CAN_READ',
    start: { id: '1', labels: ['AWSRole'] },
    end: { id: '2', labels: ['S3Bucket'] },
  }
  const lines = [role, bucket, edge].map((one) => JSON.stringify(one)).join('\n')
  const listed = { nodes: [role, bucket], edges: [{ source: '1', target: '2', label: 'CAN_READ' }] }
  for (const [content, path] of [
    [lines, 'graph.json'],
    [listed, 'graph.json'],
  ] as const) {
    const { related, problems } = readSource(graphSource, content, path)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      related.map(({ stableKey }) => stableKey),
      [`aws:${ARN}`],
    )
    assert.deepEqual(related[0]?.reaches, [{ what: 'backups', access: 'read', because: 'CAN_READ' }])
  }
})
