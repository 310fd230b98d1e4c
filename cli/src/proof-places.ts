import type { WorkloadFlags } from './workload-proof.ts'

type Environment = Readonly<Record<string, string | undefined>>

// By the keys of AWS, or by what its agent gives them for; a region or an address is no secret.
const OF_AWS: readonly string[] = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
]

/**
 * The environment without what proves the identity by these flags: a program that is started with the token must not find
 * the proof. A variable that holds the same under another name goes as well.
 */
export const withoutProof = (environment: Environment, { proof }: Pick<WorkloadFlags, 'proof'>): Environment => {
  const names = variablesOf(proof ?? '')
  const secrets = new Set(names.map((name) => environment[name]?.trim() ?? '').filter((value) => value !== ''))
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value = '']) => !names.includes(name) && !secrets.has(value.trim())),
  )
}

const variablesOf = (proof: string): readonly string[] => {
  if (proof === 'github') return ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']
  if (/^aws(?:$|:)/.test(proof)) return OF_AWS
  const named = /^env:(.+)$/s.exec(proof)?.[1]
  return named === undefined ? [] : [named]
}

/**
 * The open files that the key, the secret or the proof is read from, as `-` and `/dev/fd/63` (`<(…)` of a shell): who
 * inherits one of a file can read it from its start again.
 */
export const proofDescriptors = ({ key, secretFile, proof }: WorkloadFlags): readonly number[] => {
  const named = [key, secretFile, /^file:(.+)$/s.exec(proof ?? '')?.[1]].map((file) => descriptorOf(file ?? ''))
  return [...new Set(named.filter((descriptor) => descriptor !== undefined))]
}

const descriptorOf = (file: string): number | undefined => {
  if (file === '-' || file === '/dev/stdin') return 0
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,4})$/.exec(file)?.[1]
  return number === undefined ? undefined : Number(number)
}
