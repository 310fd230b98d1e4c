import type { Context } from './context.ts'
import { CommandError } from './exit-code.ts'
import { FIND_SERVER } from './failure.ts'
import { safeText } from './safe-text.ts'
import { keepSession, type Session } from './session.ts'
import type { Surroundings } from './surroundings.ts'

const CLIENT = 'reeve-cli'
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const TIMEOUT_MS = 10_000
// RFC 8628 §3.5, and what a server says that gives no interval (§3.2).
const SLOWER_BY_SECONDS = 5
const INTERVAL_SECONDS = 5

/** Logs in on a machine without a device key: shows a code, and waits until a person approved it elsewhere (RFC 8628). */
export const deviceLogin = async (context: Context, server: string): Promise<Session> => {
  const { around } = context
  const started = await post(around, `${server}/oauth/device_authorization`, { client_id: CLIENT })
  const { device_code: deviceCode, user_code: userCode, expires_in: lifeSeconds } = started
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof lifeSeconds !== 'number')
    throw failed(server, started)
  context.say(
    `your code: ${safeText(userCode)}\nrun where you are logged in: reeve device approve ${safeText(userCode)} --server ${server}\nwaiting for that, at most ${Math.ceil(lifeSeconds / 60)} minutes …`,
  )
  const endMs = around.clock.monotonicMs() + lifeSeconds * 1000
  let waitSeconds = secondsOf(started.interval)
  for (;;) {
    await pause(around, waitSeconds * 1000)
    const answer = await post(around, `${server}/oauth/token`, {
      grant_type: GRANT,
      device_code: deviceCode,
      client_id: CLIENT,
    })
    if (answer.error === 'slow_down') waitSeconds += SLOWER_BY_SECONDS
    const mayWait = answer.error === 'authorization_pending' || answer.error === 'slow_down'
    if (mayWait && around.clock.monotonicMs() < endMs) continue
    return kept(around, server, answer)
  }
}

const kept = (around: Surroundings, server: string, answer: Answered): Session => {
  const { access_token: token, person, expires_in: lifeSeconds } = answer
  if (typeof token !== 'string' || typeof person !== 'string' || typeof lifeSeconds !== 'number')
    throw failed(server, answer)
  const expiresAt = new Date(around.now().getTime() + lifeSeconds * 1000).toISOString()
  const session = { server, person, token, expiresAt }
  keepSession(around, session)
  return session
}

type Answered = Readonly<Record<string, unknown>>

const secondsOf = (interval: unknown): number =>
  typeof interval === 'number' && interval > 0 && interval <= 600 ? interval : INTERVAL_SECONDS

const pause = (around: Surroundings, ms: number): Promise<void> =>
  new Promise((resolve) => {
    around.clock.after(ms, resolve)
  })

const post = async (around: Surroundings, url: string, form: Record<string, string>): Promise<Answered> => {
  const limit = new AbortController()
  const cancel = around.clock.after(TIMEOUT_MS, () => limit.abort())
  try {
    const body = new URLSearchParams(form)
    const headers = { 'user-agent': 'reeve-cli' }
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal: limit.signal })
    const answer: unknown = await response.json().catch(() => undefined)
    return typeof answer === 'object' && answer !== null ? { ...answer } : {}
  } catch (cause) {
    throw new CommandError(`${new URL(url).origin} gave no answer`, { exitCode: 7, next: FIND_SERVER, cause })
  } finally {
    cancel()
  }
}

const failed = (server: string, { error_description: told, code }: Answered): CommandError =>
  new CommandError(
    typeof told === 'string' ? safeText(told) : `${server} does not answer as a Reeve server does`,
    typeof code === 'string' && code.startsWith('login_')
      ? { exitCode: 4, next: 'reeve login --device' }
      : { exitCode: 2, next: 'check the URL: reeve doctor' },
  )
