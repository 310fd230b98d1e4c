import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface WorkflowLabels {
  /** How it was judged what is an identity. */
  readonly judged: readonly string[]
  /** The ids of the jobs by file. */
  readonly jobs: Readonly<Record<string, readonly string[]>>
  /** Of these, the ones that call a reusable workflow. */
  readonly callers: Readonly<Record<string, readonly string[]>>
  /** What jobs become: `literal` where its name stands in the file, `reference` where only a variable or secret holds it. */
  readonly accounts: readonly {
    readonly kind: string
    readonly name: string
    readonly named: 'literal' | 'reference'
    readonly files: readonly string[]
  }[]
}

interface ComposeLabels {
  readonly judged: readonly string[]
  readonly services: Readonly<Record<string, readonly string[]>>
  /** Accounts that services make, by where their name stands; `default` is the image's own. */
  readonly accounts: readonly {
    readonly file: string
    readonly service: string
    readonly name: string
    readonly by: 'environment' | '.env' | 'default'
  }[]
  readonly envFiles: Readonly<Record<string, readonly string[]>>
}

const read = (path: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../src/sources', path, 'real-files.labels.json'), 'utf8'))

/** What is in the real workflows, by name. */
export const WORKFLOWS: WorkflowLabels = read('github-actions')

/** What is in the real compose files, by name. */
export const COMPOSE: ComposeLabels = read('compose')

/** The accounts whose name can be known from the workflow alone. */
export const literalAccounts = WORKFLOWS.accounts.filter(({ named }) => named === 'literal')

/** The accounts whose name can be known from the compose file alone: a stack's `.env` has lost its name in the folder. */
export const fixedAccounts = COMPOSE.accounts.filter(({ by }) => by !== '.env')
