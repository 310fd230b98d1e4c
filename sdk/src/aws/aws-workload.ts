import { readFile } from 'node:fs/promises'
import { type Fetch, fetchText } from '../bounded-fetch.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { AwsKeys } from '../token/aws-caller.ts'

/** Where a workload on AWS finds its keys. */
export interface AwsWorkloadOptions {
  /** The region whose STS is asked; otherwise that of the environment, or of the machine. */
  readonly region?: string | undefined
  /** That of the process, `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly fetch?: Fetch
  readonly clock?: Clock
}

/**
 * The keys of the workload that a process is part of, asked for anew each time, as AWS changes them: of the
 * environment (Lambda, and whatever sets it), of the container agent (ECS, EKS Pod Identity), or of the machine (EC2, by
 * IMDSv2 and never by what came before it).
 *
 * @example
 * createTokenSource({ issuer, clientId, audience, auth: { aws: awsWorkload({ environment: process.env }) } })
 */
export const awsWorkload = ({
  region,
  environment,
  fetch = (url, init) => globalThis.fetch(url, init),
  clock = systemClock,
}: AwsWorkloadOptions): (() => Promise<AwsKeys>) => {
  const ask: Ask = async (url, { method = 'GET', headers = {} } = {}) => {
    const answer = await fetchText({ fetch, clock }, url, { method, headers, ...bounds })
    if (answer.status !== 200) throw new Error(`${new URL(url).host} answered ${answer.status}`)
    return answer.text
  }
  return async () => {
    const named = region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION
    const given = ofEnvironment(environment) ?? (await ofContainer(environment, ask))
    const machine = given === undefined || named === undefined ? await openMachine(environment, ask) : undefined
    const keys = given ?? (await machine?.keys())
    const where = named ?? (await machine?.region())
    if (keys === undefined || where === undefined)
      throw new Error('AWS gave this process no keys: there are none in its environment, and no agent that has them')
    return { ...keys, region: where.trim() }
  }
}

type Keys = Omit<AwsKeys, 'region'>
type Environment = Readonly<Record<string, string | undefined>>
type Ask = (url: string, request?: { method?: string; headers?: Readonly<Record<string, string>> }) => Promise<string>

// Whoever answers stands on the same machine.
const bounds = { timeoutMs: 2_000, bytesMax: 16_384 }

const ofEnvironment = (environment: Environment): Keys | undefined => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: environment.AWS_SESSION_TOKEN || undefined }
}

const ofContainer = async (environment: Environment, ask: Ask): Promise<Keys | undefined> => {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment
  const url = path ? `http://169.254.170.2${path}` : full
  if (!url) return undefined
  // What is sent and what comes is a secret: without TLS only to this machine and to the agents' own addresses.
  if (!URL.canParse(url) || !isOfAgent(new URL(url)))
    throw new Error('AWS_CONTAINER_CREDENTIALS_FULL_URI names no agent of this machine, and no https URL')
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = environment
  const authorization = file ? (await readFile(file, 'utf8')).trim() : token
  return readKeys(await ask(url, { headers: authorization ? { authorization } : {} }))
}

const isOfAgent = ({ protocol, hostname, username, password }: URL): boolean =>
  username + password === '' &&
  (protocol === 'https:' ||
    (protocol === 'http:' &&
      (/^127\.\d+\.\d+\.\d+$/.test(hostname) ||
        ['localhost', '[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'].includes(hostname))))

const openMachine = async (environment: Environment, ask: Ask) => {
  if (environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return undefined
  const base = (environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || 'http://169.254.169.254').replace(/\/$/, '')
  const session = await ask(`${base}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  }).catch((cause: unknown) => {
    throw new Error('AWS gave this process no keys: there are none in its environment, and no machine of EC2 answers', {
      cause,
    })
  })
  const read = (path: string) =>
    ask(`${base}/latest/meta-data/${path}`, { headers: { 'x-aws-ec2-metadata-token': session.trim() } })
  return {
    region: () => read('placement/region'),
    keys: async () => {
      const [role = ''] = (await read('iam/security-credentials/')).trim().split('\n')
      return readKeys(await read(`iam/security-credentials/${encodeURIComponent(role)}`))
    },
  }
}

const readKeys = (text: string): Keys => {
  const said: unknown = JSON.parse(text)
  const member = (name: string): string => {
    const value: unknown = typeof said === 'object' && said !== null ? Reflect.get(said, name) : undefined
    if (typeof value !== 'string' || value === '') throw new Error(`the agent of AWS said no ${name}`)
    return value
  }
  return {
    accessKeyId: member('AccessKeyId'),
    secretAccessKey: member('SecretAccessKey'),
    sessionToken: member('Token'),
  }
}
