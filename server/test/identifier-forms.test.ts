import assert from 'node:assert/strict'
import { Fault } from '../src/kit/fault.ts'
import { declaredBot, declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const NAMES = ['root', 'sync', 'payments', 'kiosk', 'admin-job', 'orders.api', 'office', 'api-x', 'i-ask', 'ssh-box']

const UNKNOWN = ['invalid_input', 'not_found', 'resource_not_found']

const HOMOGLYPHS: Readonly<Record<string, string>> = { o: '\u043e', a: '\u0430', i: '\u0456', s: '\u0455', k: '\u212a' }
const wide = (name: string): string =>
  name.replaceAll(/[!-~]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0))
const likeness = (name: string): string => name.replaceAll(/[oaisk]/g, (letter) => HOMOGLYPHS[letter] ?? letter)

/** Twenty forms that some store, or some reader, takes for the name itself. */
const FORMS: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
  (name) => `${name.slice(0, -1)}${name.slice(-1).toUpperCase()}`,
  (name) => wide(name),
  (name) => `${wide(name.slice(0, 1))}${name.slice(1)}`,
  (name) => likeness(name),
  (name) => ` ${name}`,
  (name) => `${name} `,
  (name) => `${name.toUpperCase()} `,
  (name) => `${name}\t`,
  (name) => `${name}\n`,
  (name) => `${name}\u00a0`,
  (name) => `${name}\u3000`,
  (name) => `${name}\u200b`,
  (name) => `\ufeff${name}`,
  (name) => `${name.slice(0, 1)}\u00ad${name.slice(1)}`,
  (name) => `${name}\u0301`,
  (name) => `${name}\u202e`,
  (name) => `${name}\0`,
  (name) => `${name.slice(0, 1)}\u{e0061}${name.slice(1)}`,
]

onEveryEngine(
  'P3: of 200 names that look like another none is taken for it, and none is given beside it',
  async (room) => {
    const plugged = await openPlugged(room)
    const { admin, ownerA } = await peopleOf(room, plugged)
    const { call } = plugged
    const refusal = async (name: string, input: object): Promise<string> => {
      try {
        await call(name, input, name.startsWith('inventory.identity.create') ? ownerA : admin)
        return 'done'
      } catch (error) {
        assert.ok(error instanceof Fault, String(error))
        return error.code
      }
    }
    let pairs = 0
    for (const name of NAMES) {
      await call('inventory.identity.create', declaredBot(name), ownerA)
      await call('policy.resource.create', declaredResource(name, { uri: `https://${name}.example/` }), admin)
      for (const form of FORMS) {
        const other = form(name)
        assert.notEqual(other, name)
        pairs++
        const said = JSON.stringify(other)
        const found = await refusal('inventory.identity.show', { identity: other })
        assert.ok(UNKNOWN.includes(found), `${said}: ${found}`)
        const asked = await refusal('policy.resource.show', { resource: other })
        assert.ok(UNKNOWN.includes(asked), `${said}: ${asked}`)
        const action = await refusal('policy.grant.create', {
          identity: name,
          resource: name,
          actions: [`${other}.read`],
          expiresAt: '30d',
        })
        assert.ok(['invalid_input', 'grant_terms', 'resource_action'].includes(action), `${said}: ${action}`)
        assert.equal(await refusal('inventory.identity.create', declaredBot(other)), 'invalid_input', said)
        assert.equal(
          await refusal('policy.resource.create', declaredResource(name, { name: other })),
          'invalid_input',
          said,
        )
      }
    }
    assert.equal(pairs, 200)
    // Where more than one form is taken, one is kept.
    for (const [at, environment] of ['Production', ' production ', 'PROD', 'prod'].entries()) {
      const { id } = await call('inventory.identity.create', declaredBot(`env-${at}`, { environment }), ownerA)
      assert.equal(
        (await call('inventory.identity.show', { identity: id }, admin)).environment,
        'production',
        environment,
      )
    }
  },
)
