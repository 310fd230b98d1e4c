import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startReeve } from './reeve-process.ts'

test('who rotates again what is being rotated is told which rotation runs, and how it is taken back', async () => {
  const { here, folder, stop } = await startReeve()
  try {
    const file = (name: string): string => join(folder, name)
    const ran = async (...words: readonly string[]) => here(['credential', ...words])
    assert.equal((await ran('add', 'orders-api', '--new-key', file('one.jwk'))).code, 0)
    const first = await ran('rotate', 'orders-api', '--new-key', file('two.jwk'), '--json')
    assert.equal(first.code, 0, first.err)
    const { credential, replaces } = JSON.parse(first.out)
    const again = await ran('rotate', 'orders-api', '--new-key', file('three.jwk'))
    assert.equal(again.code, 6, again.err)
    assert.match(
      again.err,
      /^error: orders-api has no other credential to rotate than one that is being rotated already$/m,
    )
    assert.match(again.err, new RegExp(`^ {2}${replaces.id} is replaced by ${credential.id}$`, 'm'))
    assert.match(again.err, new RegExp(`take it back: reeve credential rollback ${replaces.id}$`, 'm'))
  } finally {
    await stop()
  }
})

test('who ends a credential is told what was done, to what and when, and the next step; a program all of it', async () => {
  const { here, folder, stop } = await startReeve()
  try {
    const ran = async (...words: readonly string[]): Promise<string> => {
      const { code, out, err } = await here(['credential', ...words])
      assert.equal(code, 0, err)
      return out
    }
    const file = (name: string): string => join(folder, name)
    const rotated = async (name: string) =>
      JSON.parse(await ran('rotate', 'orders-api', '--new-key', file(name), '--json'))
    await ran('add', 'orders-api', '--new-key', file('one.jwk'))
    const { credential, replaces } = await rotated('two.jwk')
    const end = ['--reason', 'a test', '--yes']
    const at = String.raw`at \d{4}-\d\d-\d\dT[\d:.]+Z, number \d+ of the revocation feed\n`
    const done = (id: string, what: string) =>
      String.raw`^credential ${id} \(public-key\) of ${credential.identity}: ${what}\n${at}confirmed by everybody who is known to check its tokens\n`
    const back = await ran('rollback', replaces.id, ...end)
    const goesOn = String.raw`credential ${replaces.id} \(public-key\) goes on: active, ends \d{4}-\d\d-\d\d [\d:]+Z\n`
    const again = 'next: whoever has moved to the new one must use the old one again'
    assert.match(
      back,
      new RegExp(
        `${done(credential.id, 'revoked for good')}${goesOn}${again}: reeve credential show ${replaces.id}\n$`,
      ),
    )
    const next = await rotated('three.jwk')
    const whole = JSON.parse(await ran('rollback', replaces.id, ...end, '--json'))
    assert.deepEqual([whole.credential.id, whole.keeps.id], [next.credential.id, replaces.id])
    assert.ok('thumbprint' in whole.credential && 'rotation' in whole.keeps && 'seq' in whole)
    const undo = `undo: reeve release credential ${replaces.id} --reason "…"\n$`
    const { out } = await here(['quarantine', 'credential', replaces.id, '--reason', 'a test', '--dry-run'])
    assert.match(out, new RegExp(`orders-api \\(${credential.identity}\\) cannot prove itself with this public-key`))
    assert.match(
      await ran('quarantine', replaces.id, '--reason', 'a test'),
      new RegExp(`${done(replaces.id, 'quarantined')}${undo}`),
    )
    assert.match(await ran('release', replaces.id, '--reason', 'over'), new RegExp(`${done(replaces.id, 'released')}$`))
    const list = `next: what else it proves itself with: reeve credential list ${credential.identity}\n$`
    assert.match(
      await ran('revoke', replaces.id, ...end),
      new RegExp(`${done(replaces.id, 'revoked for good')}${list}`),
    )
  } finally {
    await stop()
  }
})
