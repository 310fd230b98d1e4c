import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import type { Surroundings } from '../surroundings.ts'
import { renderTable } from '../table.ts'

interface Check {
  readonly check: string
  readonly state: 'ok' | 'bad'
  readonly fix: string
}

const CLOCK_SKEW_MS_MAX = 5_000

/** `reeve status`: is the server there and ready. `reeve doctor`: what is wrong, each with its fix. */
export const addStatus = (program: Command, around: Surroundings): void => {
  const status = program
    .command('status')
    .description('whether the server is there and ready')
    .action(async () => {
      const context = contextOf(around, status)
      const health = await ask(context.server, '/healthz')
      context.print(
        { server: context.server, ...health.body },
        () => `${context.server}: ${String(health.body.status)}\n`,
      )
      if (health.body.status !== 'ok')
        throw new CommandError(String(health.body.detail ?? 'not ready'), { exitCode: 7 })
    })
  const doctor = program
    .command('doctor')
    .description('look for what is wrong between this machine and the server')
    .action(async () => {
      const context = contextOf(around, doctor)
      const checks = await examine(context.server, around)
      context.print({ checks }, () =>
        renderTable(
          ['CHECK', 'STATE', 'FIX'],
          checks.map((check) => [check.check, check.state, check.fix]),
          around.columns,
        ),
      )
      if (checks.some((check) => check.state === 'bad')) throw new CommandError('something is wrong', { exitCode: 8 })
    })
}

const examine = async (server: string, around: Surroundings): Promise<Check[]> => {
  const started = around.now().getTime()
  const health = await ask(server, '/healthz')
  const skewMs = health.date === undefined ? 0 : Math.abs(health.date.getTime() - started)
  const metadata = await ask(server, '/.well-known/oauth-authorization-server')
  const keys = await ask(server, '/.well-known/jwks.json')
  const isReady = health.body.status === 'ok'
  const hasKeys = Array.isArray(keys.body.keys) && keys.body.keys.length > 0
  return [
    check('server ready', isReady, String(health.body.detail ?? 'start it with `npm start`')),
    check(
      'clocks agree',
      skewMs < CLOCK_SKEW_MS_MAX,
      `the clocks differ by ${Math.round(skewMs / 1000)} s: run NTP on both`,
    ),
    check(
      'issuer is this URL',
      metadata.body.issuer === server,
      `set REEVE_ISSUER of the server, or use --server ${String(metadata.body.issuer)}`,
    ),
    check('signing keys are published', hasKeys, 'look at the server log for the key schedule'),
  ]
}

const check = (name: string, isOk: boolean, fix: string): Check => ({
  check: name,
  state: isOk ? 'ok' : 'bad',
  fix: isOk ? '' : fix,
})

const ask = async (server: string, path: string) => {
  const response = await fetch(`${server}${path}`, { redirect: 'error', signal: AbortSignal.timeout(5_000) })
  const body: unknown = await response.json().catch(() => undefined)
  const date = response.headers.get('date')
  return { body: record(body), date: date === null ? undefined : new Date(date) }
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
