import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type FollowedToken, TokenError } from '@reeve/sdk'
import { createFakeClock } from '../../sdk/test/fake-clock.ts'
import { fakeSurroundings } from '../test/fake-surroundings.ts'
import { keepToken } from './keep-token.ts'

/** A place that is kept, by a source that says what the test has it say. */
const start = async (t: TestContext, { reason = 'the issuer is away' }: { readonly reason?: string } = {}) => {
  const clock = createFakeClock()
  const { around, folder, remove } = fakeSurroundings({ clock })
  t.after(remove)
  const file = join(folder, 'token')
  const said: string[] = []
  let follower: (now: FollowedToken | undefined) => void = () => {}
  const source = {
    follow: (told: typeof follower) => {
      follower = told
      return () => {}
    },
    status: () => ({ lastError: new TokenError('token_refused', reason) }),
  }
  const keeper = await keepToken({ around, say: (text) => said.push(text) }, source, { file }, () => {})
  const tell = (token?: string) => follower(token === undefined ? undefined : { token, expiresInSeconds: 60 })
  return { clock, file, said, keeper, tell }
}

test('a token that could not be written, as on a full disk, is written as soon as it can be, and that is said once', async (t) => {
  const { clock, file, said, tell, keeper } = await start(t)
  mkdirSync(file)
  tell('first')
  clock.advance(10_000)
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /could not be written/)
  rmSync(file, { recursive: true })
  clock.advance(1_000)
  assert.equal(readFileSync(file, 'utf8'), 'first')
  await keeper.end()
  assert.equal(clock.timers, 0)
})

test('a token that could not be taken away as it was stopped is taken away as soon as it can be', async (t) => {
  const { clock, file, tell, keeper } = await start(t)
  tell('first')
  renameSync(file, `${file}.first`)
  mkdirSync(file)
  tell(undefined)
  rmSync(file, { recursive: true })
  renameSync(`${file}.first`, file)
  clock.advance(1_000)
  assert.equal(existsSync(file), false)
  await keeper.end()
  assert.equal(clock.timers, 0)
})

test('an end is an end, whatever became of the file meanwhile', async (t) => {
  const { file, tell, keeper, said } = await start(t)
  tell('first')
  rmSync(file)
  mkdirSync(file)
  await keeper.end()
  assert.match(said.at(-1) ?? '', /could not be taken away/)
})

test('why there is no token is told without what a server could move the terminal by', async (t) => {
  const { tell, said } = await start(t, { reason: 'no\u001b[2J\nreeve: all is well' })
  tell('first')
  tell(undefined)
  assert.doesNotMatch(said.join(''), /[\u0000-\u001f]/)
})
