import { ReeveError } from '@reeve/sdk/client'
import type { Command } from 'commander'
import { type AccessDirectory, readAccessDirectory } from '../access-directory.ts'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve apply DIR` and `reeve validate DIR`: make the server as a folder declares, or only say what would change. */
export const addApply = (program: Command, around: Surroundings): void => {
  const apply = program
    .command('apply')
    .description('make teams, resources, bundles, identities, grants and policies as a folder declares them')
    .argument('<folder>', 'the folder with reeve.yaml')
    .option('--dry-run', 'only show what would change')
    .option('--commit <id>', 'the commit that is applied, for the record')
    .option('--author <name>', 'who wrote it, for the record')
    .option('--approval <id>', 'an approval of exactly this')
    .addHelpText('after', '\nExample:\n  reeve apply examples/access --dry-run\n  reeve apply examples/access')
    .action((folder: string) => run(around, apply, folder, apply.opts<ApplyOptions>()))
  const validate = program
    .command('validate')
    .description('check a folder against the server without changing anything')
    .argument('<folder>', 'the folder with reeve.yaml')
    .action((folder: string) => run(around, validate, folder, { dryRun: true }))
}

interface ApplyOptions {
  readonly dryRun?: boolean
  readonly commit?: string
  readonly author?: string
  readonly approval?: string
}

const run = async (around: Surroundings, command: Command, folder: string, options: ApplyOptions): Promise<void> => {
  const context = contextOf(around, command)
  const { origins, ...directory } = readAccessDirectory(folder)
  const done = Applied(await call(context, directory, origins, options))
  context.print(done, () => {
    const lines = done.objects.map(({ type, name, verb, fields }) => {
      const changed = verb === 'changed' ? ` (${fields.map(({ field }) => field).join(', ')})` : ''
      return safeText(`  ${SIGNS[verb] ?? ' '} ${type} ${name}${changed}`)
    })
    const count = (verb: string) => done.objects.filter((object) => object.verb === verb).length
    const total = `${count('created')} created, ${count('changed')} changed, ${count('ended')} ended, ${count('unchanged')} unchanged`
    return `${lines.join('\n')}\n${done.dryRun ? 'would be ' : ''}${total}; policy revision ${done.revision}\n`
  })
  if (done.needsApproval.length > 0) context.say(`needs an approval: ${done.needsApproval.map(safeText).join('; ')}`)
}

const SIGNS: Readonly<Record<string, string>> = { created: '+', changed: '~', ended: '-', unchanged: ' ' }

const call = async (
  context: ReturnType<typeof contextOf>,
  directory: Omit<AccessDirectory, 'origins'>,
  origins: AccessDirectory['origins'],
  options: ApplyOptions,
): Promise<unknown> => {
  try {
    return await context.client.callByName('policy.access.apply', { ...directory, ...options })
  } catch (error) {
    if (!(error instanceof ReeveError) || error.places.length === 0) throw error
    const lines = error.places.map(({ pointer, detail }) => `${placeOf(pointer, origins)}: ${detail}`)
    throw new CommandError(`${error.message}\n  ${lines.join('\n  ')}`, {
      next: 'mend the places above; nothing was changed',
    })
  }
}

/** `/grants/0/bundle` as `grants/orders-sync.yaml:1 bundle`. */
const placeOf = (pointer: string, origins: AccessDirectory['origins']): string => {
  const [, part = '', index = '', ...rest] = pointer.split('/')
  const origin = origins[part]?.[Number(index)]
  return origin === undefined ? pointer : [origin, ...rest].join(' ')
}

interface AppliedAnswer {
  readonly dryRun: boolean
  readonly revision: string
  readonly needsApproval: readonly string[]
  readonly objects: readonly {
    readonly type: string
    readonly name: string
    readonly verb: string
    readonly fields: readonly { readonly field: string }[]
  }[]
}

// The server's answer is held to its schema by its own tests; here only its outline is made sure of.
const Applied = (answer: unknown): AppliedAnswer => {
  const record = typeof answer === 'object' && answer !== null ? answer : {}
  return { dryRun: false, revision: '', needsApproval: [], objects: [], ...record }
}
