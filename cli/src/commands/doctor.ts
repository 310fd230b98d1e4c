import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { askServer } from '../ask-server.ts'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { serverFolder } from '../server-url.ts'
import { freshSession, hasDevice } from '../session.ts'
import type { Surroundings } from '../surroundings.ts'
import { renderTable } from '../table.ts'
import { VERSION } from '../version.ts'

interface Check {
  readonly check: string
  readonly state: 'ok' | 'bad'
  readonly fix: string
}

const CLOCK_SKEW_MS_MAX = 5_000

/** `reeve doctor`: what is wrong between this machine and the server, each with its fix. */
export const doctor: CommandSpec = {
  examples: ['reeve doctor'],
  notes: 'Exits 8 when something is wrong.',
  output: {
    schema: {
      type: 'object',
      required: ['server', 'checks'],
      properties: {
        server: { type: 'string' },
        checks: {
          type: 'array',
          items: {
            type: 'object',
            required: ['check', 'state', 'fix'],
            properties: { check: { type: 'string' }, state: { enum: ['ok', 'bad'] }, fix: { type: 'string' } },
          },
        },
      },
    },
  },
  run: async (context) => {
    const server = await context.server()
    const checks = await examine(context, server)
    context.print({ server, checks }, () =>
      renderTable(
        ['CHECK', 'STATE', 'FIX'],
        checks.map((each) => [each.check, each.state, each.fix]),
        context.around.columns,
      ),
    )
    const bad = checks.filter((each) => each.state === 'bad').length
    if (bad > 0)
      throw new CommandError(`${bad} of ${checks.length} checks failed`, {
        exitCode: 8,
        next: 'follow the fix of each',
      })
  },
}

const examine = async ({ around }: Context, server: string): Promise<Check[]> => {
  const here = [
    check('only you can read the login', isPrivate(around, server), `chmod -R go-rwx ${around.configFolder}`),
    check('somebody is logged in here', hasDevice(around, server) || hasSession(around, server), 'reeve login'),
  ]
  const health = await askServer(around, server, '/healthz').catch(() => undefined)
  if (health === undefined)
    return [check('the server answers', false, 'start it with `npm start`, or give --server URL'), ...here]
  const ready = [
    check('the server answers', true, ''),
    check('the server is ready', health.body.status === 'ok', String(health.body.detail ?? 'look at its log')),
  ]
  // Of one that is sealed, say, the rest cannot be told.
  if (health.body.status !== 'ok') return [...ready, ...here]
  const startedMs = around.now().getTime()
  const metadata = await askServer(around, server, '/.well-known/oauth-authorization-server')
  const keys = await askServer(around, server, '/.well-known/jwks.json')
  const api = await askServer(around, server, '/openapi.json')
  const skewMs = metadata.date === undefined ? 0 : Math.abs(metadata.date.getTime() - startedMs)
  const version = versionOf(api.body)
  const { issuer } = metadata.body
  return [
    ...ready,
    check('the versions agree', version === VERSION, `the server is ${version}, this is ${VERSION}: use one of both`),
    check('the clocks agree', skewMs < CLOCK_SKEW_MS_MAX, `they differ by ${Math.round(skewMs / 1000)} s: run NTP`),
    check('the issuer is this URL', issuer === server, `set REEVE_ISSUER of the server, or use --server ${issuer}`),
    check('signing keys are published', hasKeys(keys.body), "look at the server's log for the key schedule"),
    ...here,
  ]
}

const check = (name: string, isOk: boolean, fix: string): Check => ({
  check: name,
  state: isOk ? 'ok' : 'bad',
  fix: isOk ? '' : fix,
})

const hasKeys = ({ keys }: Readonly<Record<string, unknown>>): boolean => Array.isArray(keys) && keys.length > 0

const versionOf = ({ info }: Readonly<Record<string, unknown>>): string =>
  typeof info === 'object' && info !== null && 'version' in info ? String(info.version) : 'unknown'

const hasSession = (around: Surroundings, server: string): boolean => {
  try {
    return freshSession(around, server) !== undefined
  } catch {
    return false
  }
}

// The rights of a file are not told on Windows.
const isPrivate = (around: Surroundings, server: string): boolean =>
  ['device.json', 'session.json']
    .map((file) => join(serverFolder(around, server), file))
    .filter((file) => existsSync(file))
    .every((file) => process.platform === 'win32' || (statSync(file).mode & 0o077) === 0)
