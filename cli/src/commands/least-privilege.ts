import { readFileSync, writeFileSync } from 'node:fs'
import type { Client } from '@reeve/sdk/client'
import { filesOfDirectory } from '../access-directory.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { leastPrivilegeSchema } from '../least-privilege-schema.ts'
import { safeText } from '../safe-text.ts'
import { tightenFiles } from '../tighten-files.ts'
import { unifiedDiff } from '../unified-diff.ts'
import { wholeNumber } from '../whole-number.ts'

type Answer = Awaited<ReturnType<Client['policy']['access']['tighten']>>

const OF = ['identity', 'bundle'] as const

/** `reeve least-privilege identity|bundle NAME [FOLDER]`: granted against used, and the patch that takes away the rest. */
export const leastPrivilege: CommandSpec = {
  declare: (command) =>
    command
      .argument('<of>', 'identity or bundle')
      .argument('<name>', 'its name or id')
      .argument('[folder]', 'the folder with reeve.yaml that declares the grants; without it no patch is made')
      .option('--days <days>', 'what counts as used: what was used within so many days', '90')
      .option('--patch <file>', 'write the patch there, for `git apply` (must not exist)'),
  examples: [
    'reeve least-privilege identity orders-sync --days 30',
    'reeve least-privilege bundle orders-reader access --patch less.patch',
  ],
  notes:
    'Nothing is changed. The patch is for the folder: git -C FOLDER apply FILE; then `reeve plan FOLDER` shows what is lost.',
  output: { schema: leastPrivilegeSchema() },
  run: async (context, command) => {
    const [of = '', name = '', folder] = command.args
    const kind = OF.find((one) => one === of)
    if (kind === undefined)
      throw new CommandError(`\`${of}\` is neither identity nor bundle`, {
        next: 'reeve least-privilege identity NAME, or reeve least-privilege bundle NAME',
      })
    const options = command.opts<{ days: string; patch?: string }>()
    const days = wholeNumber('--days', options.days, 1, 400)
    if (options.patch !== undefined && folder === undefined)
      throw new CommandError('a patch is made for a folder', { next: `reeve least-privilege ${of} ${name} FOLDER` })
    const client = await context.client()
    const answer = await client.policy.access.tighten({ [kind]: name, days })
    const files = folder === undefined ? [] : filesOfDirectory(folder, ['bundles', 'grants'])
    const read = files.map(({ path, file }) => ({ path, text: readFileSync(file, 'utf8') }))
    const { files: tightened, left } = tightenFiles(read, answer.proposals)
    const patch = tightened.map(({ path, text, after }) => unifiedDiff(path, text, after)).join('')
    if (options.patch !== undefined) writeFileSync(options.patch, patch, { flag: 'wx' })
    const notDeclared = left.map((one) => `${one.type} ${one.identity === null ? '' : `${one.identity} `}${one.name}`)
    context.print({ ...answer, patch: folder === undefined ? null : patch, notDeclared }, () =>
      [
        ...textOf(answer),
        ...(folder === undefined ? [] : notDeclared.map((one) => `not declared in ${folder}: ${one}`)),
        ...(patch === '' || options.patch !== undefined ? [] : ['', ...patch.trimEnd().split('\n')]),
      ]
        .map((line) => `${safeText(line)}\n`)
        .join(''),
    )
    const applied = options.patch ?? 'FILE'
    if (patch !== '') context.say(`next: git -C ${folder} apply ${applied}; then reeve plan ${folder}`)
  },
}

const textOf = ({ of, days, granted, proposals, replay, notObserved }: Answer): readonly string[] => {
  const unused = granted.filter(({ used }) => used === null)
  return [
    `${of.type} ${of.name}: ${granted.length - unused.length} of ${granted.length} granted actions were used in the last ${days} days`,
    ...granted.map(({ resource, action, used }) =>
      used === null
        ? `  - ${action} on ${resource}: not used`
        : `    ${action} on ${resource}: ${used.count === 1 ? 'once' : `${used.count} times`}, last ${used.lastAt}`,
    ),
    ...(proposals.length === 0 ? ['nothing to take away'] : ['what would have done:']),
    ...proposals.map(({ type, name, identity, after }) => {
      const left = after.map(({ resource, actions }) => `${actions.join(', ')} on ${resource}`).join('; ')
      const what = identity === null ? `${type} ${name}` : `${type} ${identity} ${name}`
      return left === '' ? `  ${what}: nothing of it was used; it could end` : `  ${what}: ${left}`
    }),
    `replayed: ${replay.decided} requests that were let in, ${replay.broken.length} would be refused`,
    ...notObserved.map((line) => `not seen: ${line}`),
  ]
}
