import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import { createLog } from '../kit/log.ts'
import { systemRandom } from '../kit/random.ts'
import { createTokenDecider } from './decide/decide-token.ts'
import { watchSet } from './jobs/watch-set.ts'
import { createPolicyMemory } from './memory.ts'

const GOOD =
  '@id("lab")\nforbid (principal is Reeve::Identity, action, resource) when { context has sourceIp && context.sourceIp == ip("10.0.0.9") };'

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  await policy.call('policy.resource.create', {
    name: 'orders',
    uri: 'https://orders.example/',
    environment: 'production',
    sensitivity: 'internal',
    actions: [
      { name: 'orders.read', effect: 'read' },
      { name: 'orders.write', effect: 'write' },
    ],
  })
  await policy.call('policy.grant.create', {
    identity: 'sync',
    resource: 'orders',
    actions: ['orders.read'],
    expiresAt: '30d',
  })
  await policy.call('policy.set.change', { put: [{ name: 'own', file: 'own.cedar', text: GOOD }] })
  await policy.memory.warm('nhi_sync')
  return policy
}

const deep = (depth: number): string => `${'('.repeat(depth)}true${')'.repeat(depth)}`
const when = (condition: string): string => `permit (principal, action, resource) when { ${condition} };`
const many = (count: number): string =>
  Array.from(
    { length: count },
    (_, at) => `@id("p${at}")\nforbid (principal, action == Reeve::Action::"orders.read", resource);`,
  ).join('\n')

/** Sets that must never serve: broken, empty, too large, too deep, of another schema, or with names that are not theirs. */
const POISON: Readonly<Record<string, string | Uint8Array>> = {
  empty: '',
  blanks: ' \n\t ',
  'a NUL': 'permit (principal, action, resource);\0',
  'zero bytes': '\0\0\0\0',
  null: 'null',
  JSON: '{"effect":"permit"}',
  'an array': '[]',
  HTML: '<html><body>502 Bad Gateway</body></html>',
  'half a policy': 'permit (principal, action, resource',
  'no semicolon': 'permit (principal, action, resource)',
  'no effect': '(principal, action, resource);',
  'an unknown effect': 'allow (principal, action, resource);',
  'an unknown variable': 'permit (subject, action, resource);',
  'an unknown attribute': when('resource.color == "red"'),
  'an unknown context field': when('context.color == "red"'),
  'an optional attribute unguarded': when('context.sourceIp == ip("10.0.0.1")'),
  'an unknown action': 'permit (principal, action == Reeve::Action::"orders.burn", resource);',
  'an unknown type': 'permit (principal is Reeve::Robot, action, resource);',
  'another namespace': 'permit (principal == Acme::User::"x", action, resource);',
  'an unknown function': when('context.now.toYear() == 2026'),
  'a bad ip':
    'forbid (principal, action, resource) when { context has sourceIp && context.sourceIp == ip("999.1.1.1") };',
  'a bad datetime': when('context.now < datetime("tomorrow")'),
  'a bad decimal': when('decimal("1.2.3") == decimal("1.2")'),
  'a type error': when('1 < "one"'),
  'a sum of texts': when('"a" + "b" == "ab"'),
  'too large a number': when('1 == 99999999999999999999'),
  'a template': 'permit (principal == ?principal, action, resource);',
  'an open text': when('"unclosed'),
  'an open comment in a text': '/* permit (principal, action, resource); */',
  'a lone quote': '"',
  'brackets too deep': when(deep(2_000)),
  'brackets far too deep': when(deep(100_000)),
  'a chain too long': when(Array.from({ length: 5_000 }, () => 'true').join(' && ')),
  'a bad escape': '@id("x\\q")\npermit (principal, action, resource);',
  'an id of a grant': '@id("grt_1")\npermit (principal, action, resource);',
  'an id of a built-in rule': '@id("reeve:admin")\nforbid (principal, action, resource);',
  'an id twice': '@id("x")\nforbid (principal, action, resource);\n@id("x")\nforbid (principal, action, resource);',
  'an id with spaces': '@id("a b")\nforbid (principal, action, resource);',
  'an empty id': '@id("")\nforbid (principal, action, resource);',
  'a replaced character': '@id("x")\nforbid (principal, action, resource) when { principal.name == "\uFFFD" };',
  'a critical permit': '@critical("true")\npermit (principal, action, resource);',
  'a hundred thousand quotes': '"'.repeat(100_001),
  'one policy too long': `forbid (principal, action, resource) when { principal.name == "${'x'.repeat(70_000)}" };`,
  'five megabytes': `// ${'x'.repeat(5 * 1024 * 1024)}\npermit (principal, action, resource);`,
  'fifty thousand policies': many(50_000),
  'an unbalanced bracket': 'permit (principal, action, resource)) ;',
  'two namespaces': 'permit (principal, action in [Reeve::Action::"orders.read", Acme::Action::"x"], resource);',
  'a condition without braces': 'permit (principal, action, resource) when true;',
}

onEveryEngine(
  'no poisoned set ever serves: the last good one does, the process lives, and one finding is raised (A6)',
  async (room) => {
    const policy = await open(room)
    const { memory } = policy
    const decide = createTokenDecider(memory, systemRandom())
    const resource = { id: memory.resource('orders')?.id ?? '' }
    const answers = (count: number): string =>
      JSON.stringify(
        Array.from({ length: count }, (_, at) => {
          memory.verdicts.clear()
          const { isAllowed, decision } = decide({
            subject: { id: 'nhi_sync', environment: 'production' },
            resource,
            actions: [at % 3 === 0 ? 'orders.write' : 'orders.read'],
            credential: { kind: 'private_key_jwt' },
            instance: null,
            sourceIp: `10.0.0.${at % 16}`,
            now: room.clock.now(),
          })
          return [isAllowed, decision.policies, decision.revision]
        }),
      )
    const good = answers(48)
    assert.match(good, /\[true,/)
    assert.match(good, /lab/)
    const names = Object.keys(POISON)
    assert.ok(names.length >= 40, `${names.length} sets`)
    const fingerprints = new Set<string>()
    const reports: string[] = []
    const findings = {
      report: async (_tx: unknown, found: readonly { fingerprint: string }[]) => {
        for (const { fingerprint } of found) {
          fingerprints.add(fingerprint)
          reports.push(fingerprint)
        }
      },
    }
    const job = watchSet({ database: room.database, memory, findings })
    for (const name of names) {
      const text = String(POISON[name])
      const problems = await memory.check({ texts: [{ name: 'own', file: 'own.cedar', text, directory: null }] })
      assert.ok(problems.length > 0, `checking lets pass: ${name}`)
      if (text.includes('\0') && room.engine === 'postgres') continue
      await force(room, text)
      assert.ok(memory.problems().length > 0, `serves: ${name}`)
      assert.equal(answers(48), good, name)
    }
    await force(room, '')
    await job.run(room.clock.now())
    await job.run(room.clock.now())
    assert.deepEqual([fingerprints.size, reports.length], [1, 2], 'the same fingerprint is one finding')
    assert.equal(answers(1_008), JSON.stringify(Array.from({ length: 21 }, () => JSON.parse(good)).flat()))
    await force(room, GOOD)
    assert.equal(memory.problems().length, 0)
    assert.equal(answers(48), good)
  },
)

onEveryEngine('a restart on a poisoned set falls back on the newest set that was ever valid', async (room) => {
  const policy = await open(room)
  await force(room, 'garbage')
  const again = await restarted(room, policy)
  assert.equal(again.isComplete(), true)
  assert.equal(again.base().revision, policy.memory.base().revision)
  assert.equal(again.enforced().get('lab')?.id, 'lab')
  assert.ok(again.problems().length > 0)
})

onEveryEngine('without any valid set identities get nothing, and people can still mend it', async (room) => {
  const policy = await open(room)
  await force(room, 'garbage')
  await room.database.write((tx) => tx.deleteFrom('policy_revision').execute())
  const again = await restarted(room, policy)
  assert.equal(again.isComplete(), false)
  await again.warm('nhi_sync')
  const verdict = createTokenDecider(
    again,
    systemRandom(),
  )({
    subject: { id: 'nhi_sync', environment: 'production' },
    resource: { id: 'res_x' },
    actions: [],
    credential: { kind: 'x' },
    instance: null,
    sourceIp: null,
    now: room.clock.now(),
  })
  assert.deepEqual([verdict.isAllowed, verdict.decision.policies], [false, ['reeve:no-policy-set']])
  assert.equal(again.enforced().get('reeve:admin')?.kind, 'builtin')
})

onEveryEngine('a stored row that makes no sense leaves what serves as it is', async (room) => {
  const policy = await open(room)
  const before = policy.memory.base()
  await room.database.write((tx) => tx.updateTable('policy_resource').set({ actions: '{' }).execute())
  await signal(room, 'resource', '*')
  assert.equal(policy.memory.base(), before)
  assert.equal(policy.memory.problems().length, 1)
})

onEveryEngine('a stored grant that makes no sense gives nothing, and spoils no other', async (room) => {
  const policy = await open(room)
  const bad = await policy.call('policy.grant.create', {
    identity: 'sync',
    resource: 'orders',
    name: 'bad',
    actions: ['orders.write'],
    expiresAt: '1d',
  })
  await room.database.write((tx) =>
    tx
      .updateTable('policy_grant')
      .set({ conditions: '{"sourceNetworks":["nowhere"]}' })
      .where('id', '=', bad.id)
      .execute(),
  )
  await signal(room, 'grant', 'nhi_sync')
  assert.equal(policy.memory.warmed('nhi_sync')?.policies.length, 1)
})

onEveryEngine('the least recently used identities leave memory, with their grants', async (room) => {
  const policy = await open(room)
  const memory = createPolicyMemory({ ...given(room, policy), identitiesMax: 10 })
  await memory.start([])
  const empty = memory.enforced().size
  for (let at = 0; at < 30; at++) {
    policy.identities.put({ id: `nhi_${at}` })
    await memory.warm(`nhi_${at}`)
    await memory.warm('nhi_sync')
  }
  assert.ok(memory.warmed('nhi_sync') !== undefined, 'the one that is used stays')
  assert.equal(memory.warmed('nhi_0'), undefined)
  assert.equal(memory.enforced().size, empty + 1)
  await memory.warm('nhi_nobody')
  assert.equal(memory.warmed('nhi_nobody'), undefined)
})

onEveryEngine('what changes of a team reaches the identities that it owns', async (room) => {
  const policy = await open(room)
  const owner = { id: 'team_payments', name: 'renamed', isActive: true }
  policy.identities.put({ id: 'nhi_sync', state: 'quarantined', owner })
  await signal(room, 'team', 'team_other')
  assert.equal(policy.memory.warmed('nhi_sync')?.identity.state, 'active')
  await signal(room, 'team', 'team_payments')
  assert.equal(policy.memory.warmed('nhi_sync')?.identity.state, 'quarantined')
})

onEveryEngine('what is read while it changes is read again', async (room) => {
  const policy = await open(room)
  const reads: (() => void)[] = []
  const slow = {
    find: async (...asked: Parameters<typeof policy.identities.find>) => {
      const found = await policy.identities.find(...asked)
      await new Promise<void>((resolve) => reads.push(resolve))
      return found
    },
  }
  let isHeard = false
  const hear = () => {
    isHeard = true
  }
  // Told just before the memory under test, which follows after it.
  room.changes.follow('identity', { changed: () => hear(), reset: () => undefined })
  const memory = createPolicyMemory({ ...given(room, policy), identities: slow })
  await memory.start([])
  const warming = memory.warm('nhi_sync')
  while (reads.length < 1) await new Promise(setImmediate)
  policy.identities.put({ id: 'nhi_sync', state: 'quarantined' })
  const told = signal(room, 'identity', 'nhi_sync')
  // The change is heard while the first read is under way; only then does that read end.
  while (!isHeard) await new Promise(setImmediate)
  await new Promise(setImmediate)
  reads[0]?.()
  while (reads.length < 2) await new Promise(setImmediate)
  reads[1]?.()
  await Promise.all([warming, told])
  assert.equal(memory.warmed('nhi_sync')?.identity.state, 'quarantined')
})

const signal = async (room: Room, topic: string, key: string): Promise<void> => {
  await room.database.write((tx) => room.changes.signal(tx, [{ topic, key }]))
  await room.changes.catchUp()
}

const force = async (room: Room, text: string): Promise<void> => {
  await room.database.write((tx) => tx.updateTable('policy_text').set({ text }).execute())
  await signal(room, 'policy', '*')
}

const given = (room: Room, policy: PolicyBench) => ({
  db: room.database.reader,
  changes: room.changes,
  identities: policy.identities,
  exceptions: policy.exceptions,
  risks: policy.risks,
  clock: room.clock,
  log: createLog('silent'),
})

const restarted = async (room: Room, policy: PolicyBench) => {
  const again = createPolicyMemory(given(room, policy))
  await again.start([])
  return again
}
