import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reeveHere } from './reeve-here.ts'
import { startReeve } from './reeve-process.ts'

test('what needs an approval says so, is asked for by the same command, and is done when somebody else approved it', async () => {
  const { here: reeve, folder, server, stop } = await startReeve()
  const here = (line: string) => reeve(line.split(' '))
  const grace = reeveHere({ configFolder: `${folder}/grace`, serverUrl: server.url })
  try {
    const identity = JSON.parse((await here('identity show orders-sync --json')).out).id
    const exception = `exception create --kind credential.api-key --subject ${identity} --reason test --expires-at 7d`
    const byName = await here(exception.replace(identity, 'orders-sync'))
    assert.match(byName.err, /--subject: must begin with the id of an identity/)
    const refused = await here(exception)
    assert.equal(refused.code, 3)
    const [, asking = ''] = /next: reeve (.*)/.exec(refused.err) ?? []
    assert.equal(asking, `${exception} --ask-approval WHY`)

    const asked = await here(`${asking} --json`)
    assert.equal(asked.code, 0, asked.err)
    const { id } = JSON.parse(asked.out)
    assert.match(asked.err, new RegExp(`reeve approve ${id}`))
    assert.equal((await here(`approve ${id}`)).code, 3, 'nobody approves their own request')
    const early = await here(`${exception} --approval ${id}`)
    assert.deepEqual([early.code, /next: reeve (.*)/.exec(early.err)?.[1]], [3, `approval show ${id}`])

    const { code } = JSON.parse((await here('person invite --roles approver --json')).out)
    const login = await grace('login --code - --name Grace --email grace@example.com'.split(' '), { stdin: code })
    assert.equal(login.code, 0, login.err)
    const approved = await grace(['approve', id])
    assert.equal(approved.code, 0, approved.err)

    // `7d` is another moment now; what was approved is what is done.
    const done = await here(`${exception} --approval ${id}`)
    assert.equal(done.code, 0, done.err)
    assert.notEqual((await here(`${exception} --approval ${id}`)).code, 0, 'an approval is good for one call')
  } finally {
    await stop()
  }
})
