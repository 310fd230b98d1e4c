import { readFileSync } from 'node:fs'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

/** Gives the platform's token of now; what it threw is told as why there is no proof. */
export type PlatformProof = () => Promise<string>

/** Where a platform's token comes from: `github`, `file:PATH` or `env:NAME`. */
export const platformProof = (around: Surroundings, from: string, audience: string): PlatformProof => {
  const [kind = '', ...rest] = from.split(':')
  const where = rest.join(':')
  if (kind === 'github' && where === '') return () => askGithub(around, audience)
  if (kind === 'file' && where !== '') return async () => fromFile(where)
  if (kind === 'env' && where !== '') return async () => fromVariable(around, where)
  throw new CommandError(`--proof is github, aws, aws:REGION, file:PATH, env:NAME or bound-key:FILE; not \`${from}\``, {
    next: 'name where the token of the platform is, for example --proof file:/var/run/secrets/reeve/token',
  })
}

// The kubelet replaces the file, so it is read anew each time.
const fromFile = (path: string): string => {
  const token = readFileSync(path, 'utf8').trim()
  if (token === '') throw new Error(`${path} is empty`)
  return token
}

const fromVariable = ({ environment }: Surroundings, name: string): string => {
  const token = environment[name]?.trim()
  if (token === undefined || token === '') throw new Error(`the variable ${name} is not set`)
  return token
}

const ANSWER_MS_MAX = 10_000

/** A GitHub Actions job asks its own runner service, which is named to jobs that may have a token. */
const askGithub = async ({ environment }: Surroundings, audience: string): Promise<string> => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer = '' } = environment
  if (!URL.canParse(url) || bearer === '')
    throw new Error('GitHub gave this job no right to a token: add `permissions: { id-token: write }` to it')
  const asked = new URL(url)
  asked.searchParams.set('audience', audience)
  const response = await fetch(asked, {
    headers: { authorization: `bearer ${bearer}`, accept: 'application/json' },
    // The bearer is for this address alone.
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  })
  const body: unknown = await response.json().catch(() => undefined)
  const value = typeof body === 'object' && body !== null && 'value' in body ? body.value : undefined
  if (!response.ok || typeof value !== 'string') throw new Error(`GitHub gave no token (status ${response.status})`)
  return value
}
