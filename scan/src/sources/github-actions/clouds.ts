import type { Kind } from '../../report.ts'
import { staticKeyProvider } from '../ci-job.ts'
import type { Job, Setting, Step } from './workflow.ts'

/** A role or account that a step becomes, with the run's own OIDC token unless a key is given. */
export interface Trust {
  readonly provider: string
  readonly name: string
  readonly stableKey: string | undefined
  readonly kind: Kind
  /** What it proves itself with. */
  readonly by: 'OIDC federation' | 'a static key'
  readonly line: number
}

/** A long-lived cloud key that a job is handed. */
export interface StaticKey {
  readonly provider: string
  readonly name: string
  readonly line: number
}

/** Which roles a job becomes by federation. */
export const trustsOf = (job: Job, workflowEnv: readonly Setting[]): Trust[] =>
  job.steps.flatMap((step) => trustOf(step, [...step.env, ...job.env, ...workflowEnv]) ?? [])

/** Which static cloud keys a job is handed, whatever the action is called. */
export const staticKeysOf = (job: Job, workflowEnv: readonly Setting[]): StaticKey[] => {
  const settings = [...workflowEnv, ...job.env, ...job.steps.flatMap((step) => [...step.env, ...step.with])]
  const keys = settings.flatMap(({ name, value, line }) => {
    const provider = staticKeyProvider(name)
    return provider && value.trim() !== '' && !FROM_A_STEP.test(value) ? [{ provider, name, line }] : []
  })
  // A key is often two settings (an id and a secret): one line a provider and step says it.
  return keys.filter((key, index) => keys.findIndex((other) => other.provider === key.provider) === index)
}

// A short-lived credential that an earlier step made is no static key.
const FROM_A_STEP = /\$\{\{[ \t]{0,4}(?:steps|needs)\./

const trustOf = (step: Step, env: readonly Setting[]): Trust | undefined => {
  const action = step.uses?.name.split('@')[0]?.toLowerCase() ?? ''
  const recipe = RECIPES.find(({ actions }) => actions.includes(action))
  const method = step.with.find(({ name }) => name === 'method')?.value
  // Vault's action takes a role for other ways to sign in as well.
  if (recipe?.provider === 'vault' && !/^(?:jwt|\$\{\{.{1,200})$/.test(method ?? '')) return undefined
  const setting = recipe?.keys.map((key) => step.with.find(({ name }) => name === key)).find((found) => found)
  if (!recipe || !setting) return undefined
  const name = settledValue(setting, env)
  const isLiteral = !name.includes('${{')
  return {
    provider: recipe.provider,
    name,
    stableKey: isLiteral ? `${recipe.provider}:${name}` : undefined,
    kind: 'account',
    by: step.with.some(({ name }) => staticKeyProvider(name) === recipe.provider) ? 'a static key' : 'OIDC federation',
    line: setting.line,
  }
}

// What is nearest to the step counts: its own `env:`, then the job's, then the workflow's.
const settledValue = ({ value }: Setting, env: readonly Setting[]): string => {
  const variable = FROM_ENV.exec(value.trim())?.[1]
  const set = variable === undefined ? undefined : env.find(({ name }) => name === variable)
  return (set?.value ?? value).trim()
}

const FROM_ENV = /^\$\{\{[ \t]{0,4}env\.(\w{1,100})[ \t]{0,4}\}\}$/

const RECIPES: readonly { provider: string; actions: readonly string[]; keys: readonly string[] }[] = [
  { provider: 'aws', actions: ['aws-actions/configure-aws-credentials'], keys: ['role-to-assume'] },
  {
    provider: 'gcp',
    actions: ['google-github-actions/auth'],
    // Direct federation has no service account: the provider is then all there is.
    keys: ['service_account', 'workload_identity_provider'],
  },
  { provider: 'azure', actions: ['azure/login'], keys: ['client-id'] },
  { provider: 'vault', actions: ['hashicorp/vault-action'], keys: ['role'] },
  { provider: 'octopus', actions: ['octopusdeploy/login'], keys: ['service_account_id'] },
  { provider: 'jfrog', actions: ['jfrog/setup-jfrog-cli'], keys: ['oidc-provider-name'] },
]
