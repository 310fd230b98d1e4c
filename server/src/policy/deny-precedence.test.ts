import assert from 'node:assert/strict'
import { openPolicy } from '../../test/fakes/policy.ts'
import { onEveryEngine } from '../../test/room.ts'
import { systemRandom } from '../kit/random.ts'
import { createTokenDecider } from './decide/decide-token.ts'

const ACTIONS = ['x.read', 'x.list', 'x.write', 'x.create'] as const
const EFFECTS = { 'x.read': 'read', 'x.list': 'read', 'x.write': 'write', 'x.create': 'write' } as const
const action = (name: string) => `action == Reeve::Action::"${name}"`
const identityOf = (at: number) => `Reeve::Identity::"nhi_i${at}"`

/** Ten ways to permit all of some actions everywhere, wildcards and groups among them. */
const PERMITS: readonly { readonly text: (at: number) => string; readonly given: readonly string[] }[] = [
  { text: (at) => `permit (principal == ${identityOf(at)}, action, resource);`, given: ACTIONS },
  { text: (at) => `permit (principal == ${identityOf(at)}, action, resource is Reeve::Resource);`, given: ACTIONS },
  { text: (at) => `permit (principal in ${identityOf(at)}, action, resource) when { true };`, given: ACTIONS },
  { text: (at) => `permit (principal in Reeve::Team::"team_${at}", action, resource);`, given: ACTIONS },
  {
    text: (at) =>
      `permit (principal is Reeve::Identity in ${identityOf(at)}, action, resource in Reeve::Deployment::"reeve");`,
    given: ACTIONS,
  },
  {
    text: (at) => `permit (principal == ${identityOf(at)}, action in Reeve::Action::"access:read", resource);`,
    given: ['x.read', 'x.list'],
  },
  {
    text: (at) => `permit (principal == ${identityOf(at)}, action in Reeve::Action::"access:write", resource);`,
    given: ['x.write', 'x.create'],
  },
  {
    text: (at) =>
      `permit (principal == ${identityOf(at)}, action in [Reeve::Action::"x.list", Reeve::Action::"x.write"], resource);`,
    given: ['x.list', 'x.write'],
  },
  { text: (at) => `permit (principal == ${identityOf(at)}, ${action('x.list')}, resource);`, given: ['x.list'] },
  {
    text: (at) =>
      `permit (principal, action, resource is Reeve::Resource) when { principal == ${identityOf(at)} && resource has name && resource.name like "r*" };`,
    given: ACTIONS,
  },
]

/** Ten ways to deny some of them on one resource. */
const FORBIDS: readonly { readonly text: (on: string) => string; readonly denied: readonly string[] }[] = [
  { text: (on) => `forbid (principal, action, resource in ${on});`, denied: ACTIONS },
  { text: (on) => `forbid (principal, ${action('x.list')}, resource in ${on});`, denied: ['x.list'] },
  { text: (on) => `forbid (principal, ${action('x.read')}, resource in ${on});`, denied: ['x.read'] },
  {
    text: (on) => `forbid (principal, action in Reeve::Action::"access:read", resource in ${on});`,
    denied: ['x.read', 'x.list'],
  },
  {
    text: (on) => `forbid (principal, action in Reeve::Action::"access:write", resource in ${on});`,
    denied: ['x.write', 'x.create'],
  },
  {
    text: (on) => `forbid (principal is Reeve::Identity, ${action('x.list')}, resource in ${on}) when { true };`,
    denied: ['x.list'],
  },
  {
    text: (on) => `forbid (principal, ${action('x.write')}, resource in ${on}) unless { false };`,
    denied: ['x.write'],
  },
  {
    text: (on) =>
      `forbid (principal in Reeve::Deployment::"reeve", ${action('x.list')}, resource) when { resource in ${on} };`,
    denied: ['x.list'],
  },
  {
    text: (on) =>
      `@critical("true")\nforbid (principal, action in [Reeve::Action::"x.list", Reeve::Action::"x.create"], resource in ${on});`,
    denied: ['x.list', 'x.create'],
  },
  {
    text: (on) =>
      `forbid (principal, action, resource is Reeve::Resource in ${on}) when { resource has name && resource.name like "*" };`,
    denied: ACTIONS,
  },
]

onEveryEngine(
  'P9: of 100 pairs of a permit and a forbid the forbid wins for every verb, asked by name, in a list and for all',
  async (room) => {
    const policy = await openPolicy(room)
    for (const at of PERMITS.keys())
      policy.identities.put({ id: `nhi_i${at}`, owner: { id: `team_${at}`, name: `team-${at}`, isActive: true } })
    for (const at of FORBIDS.keys())
      await policy.call('policy.resource.create', {
        name: `r-${at}`,
        uri: `https://r-${at}.example/`,
        environment: 'production',
        sensitivity: 'internal',
        actions: ACTIONS.map((name) => ({ name, effect: EFFECTS[name] })),
      })
    const permits = PERMITS.map(({ text }, at) => `@id("permit-${at}")\n${text(at)}`)
    const forbids = FORBIDS.map(({ text }, at) => `@id("forbid-${at}")\n${text(`Reeve::Resource::"r-${at}"`)}`)
    const text = [...permits, ...forbids].join('\n')
    const input = { put: [{ name: 'pairs', file: 'policies/pairs.cedar', text }], remove: [] }
    // Wildcards for everybody are not given without somebody who approves.
    const approval = policy.approvals.give('apr_pairs', 'policy.set.change', input)
    await policy.call('policy.set.change', { ...input, approval })
    const decide = createTokenDecider(policy.memory, systemRandom())
    let [pairs, allowed] = [0, 0]
    for (const [who, { given }] of PERMITS.entries()) {
      await policy.memory.warm(`nhi_i${who}`)
      for (const [on, { denied }] of FORBIDS.entries()) {
        pairs++
        const ask = (actions: readonly string[]) =>
          decide({
            subject: { id: `nhi_i${who}`, environment: 'production' },
            resource: { id: policy.memory.resource(`r-${on}`)?.id ?? '' },
            actions,
            credential: { kind: 'public-key' },
            instance: null,
            sourceIp: '10.0.0.7',
            now: room.clock.now(),
          })
        const left = given.filter((name) => !denied.includes(name))
        const pair = `permit ${who}, forbid ${on}`
        for (const name of ACTIONS) assert.equal(ask([name]).isAllowed, left.includes(name), `${pair}, ${name}`)
        // Whichever it may, where none is named: what is denied is not among them.
        assert.deepEqual([...ask([]).actions].sort(), [...left].sort(), `${pair}, all`)
        for (const name of denied) assert.equal(ask([...left, name]).isAllowed, false, `${pair}, ${name} beside others`)
        allowed += left.length
      }
    }
    assert.deepEqual([pairs, allowed > 100], [100, true], `${allowed} allowed`)
    // What lists all rights leaves out the same.
    const { items } = await policy.call('policy.decision.reach', { identity: 'i0' })
    const listed = items.filter(({ standing }: { standing: string }) => standing === 'yes')
    const expected = FORBIDS.flatMap(({ denied }, on) => ACTIONS.filter((name) => !denied.includes(name)).map(() => on))
    assert.equal(listed.length, expected.length)
  },
)
