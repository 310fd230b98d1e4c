import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReeveError } from '@reeve/sdk/client'
import { askingCommand } from './asking-command.ts'
import { CommandError } from './exit-code.ts'

const refused = (code: string) => new ReeveError(403, { code, detail: 'no' })

test('the command that asks is the one that was refused, as a shell takes it, without an approval that was not enough', () => {
  const argv = ['grant', 'create', '--reason', "it's new", '--approval', 'apr_1', '--approval=apr_2', '--json']
  const asked = "reeve grant create --reason 'it'\\''s new' --json --ask-approval WHY"
  for (const code of ['approval_outgrown', 'approval_expired']) assert.equal(askingCommand(refused(code), argv), asked)
  const wrapped = new CommandError('no', { cause: new CommandError('no', { cause: refused('approval_required') }) })
  assert.equal(askingCommand(wrapped, ['apply', 'a b', '--', '-x']), "reeve apply 'a b' --ask-approval WHY -- -x")
})

test('where an approval was named that is none yet, the next command shows who must still decide', () => {
  const next = (...argv: string[]) => askingCommand(refused('approval_required'), argv)
  assert.equal(next('apply', 'access', '--approval', 'apr_1'), 'reeve approval show apr_1')
  assert.equal(next('apply', 'access', '--approval=apr_2', '--json'), 'reeve approval show apr_2')
  assert.equal(
    next('apply', 'access', '--', '--approval', 'apr_3'),
    'reeve apply access --ask-approval WHY -- --approval apr_3',
  )
})

test('any other refusal asks for nothing', () => {
  for (const error of [refused('denied'), refused('approval_mismatch'), new Error('x'), undefined])
    assert.equal(askingCommand(error, ['grant', 'create']), undefined)
})
