import { basename, join, resolve } from 'node:path'
import { secretsIn } from '@reeve/scan'
import { Option } from 'commander'
import { readAccessDirectory } from '../access-directory.ts'
import type { CommandSpec } from '../command.ts'
import { schemaFiles, schemaLine } from '../directory-schemas.ts'
import { CommandError } from '../exit-code.ts'
import { type AccessFiles, registerFiles } from '../register-files.ts'
import { safeText } from '../safe-text.ts'
import { templateFiles } from '../template-files.ts'
import { rewriteSchemas, writeDirectory } from '../write-directory.ts'

interface Options {
  readonly from: 'register' | 'template'
  readonly name?: string
  readonly schemas?: true
}

/** `reeve init [DIR]`: writes a directory of access as code, from a template or from all that is registered. */
export const init: CommandSpec = {
  declare: (command) =>
    command
      .argument('[folder]', 'where to write it', 'access')
      .addOption(new Option('--from <source>', 'what is in it').choices(['template', 'register']).default('template'))
      .option('--name <name>', 'of the directory; else of the only one there is, or of the folder')
      .option('--schemas', 'only write the JSON Schemas of a folder that is there anew, as after an upgrade'),
  examples: ['reeve init access', 'reeve init access --from register', 'reeve init access --schemas'],
  notes:
    'Each YAML file names its JSON Schema in `.schema/`, so that editors complete and check it, offline too. Writes no secret and nothing over a file that is there. From the register it writes all that no other directory declares, so that `reeve plan` right after shows no change. Tests and workflows are in the folder of a directory alone: copy them from there.',
  output: {
    schema: {
      type: 'object',
      required: ['folder', 'name', 'files', 'left'],
      properties: {
        folder: { type: 'string' },
        name: { type: 'string' },
        files: { type: 'array', items: { type: 'string' } },
        left: { type: 'array', items: { type: 'string' }, description: 'what is registered and was left out, and why' },
      },
    },
  },
  run: async (context, command) => {
    const folder = command.processedArgs[0] ?? 'access'
    const { from, name, schemas } = command.opts<Options>()
    if (schemas === true) {
      const written = schemaFiles()
      const directory = readAccessDirectory(folder).input.directory
      rewriteSchemas(folder, written)
      return context.print({ folder, name: directory, files: [...written.keys()], left: [] }, () =>
        [...written.keys()].map((path) => `${safeText(join(folder, path))}\n`).join(''),
      )
    }
    if (name !== undefined && !NAME.test(name))
      throw new CommandError(`${name} cannot name a directory`, {
        next: 'take 1 to 63 of a-z, 0-9, dot, dash and underscore, a letter or a digit first',
      })
    const made =
      from === 'template'
        ? templateFiles(name ?? nameFrom(folder))
        : await registerFiles(await context.client(), { name, now: context.around.now() })
    const files = new Map([['reeve.yaml', mainFile(made.name)], ...made.files])
    refuseSecrets(files)
    writeDirectory(folder, new Map([...files, ...schemaFiles()]))
    for (const line of made.left) context.say(safeText(`left out: ${line}`))
    const { name: directory, left } = made
    context.print({ folder, name: directory, files: [...files.keys()], left }, () =>
      [...files.keys()].map((path) => `${safeText(join(folder, path))}\n`).join(''),
    )
    context.say(`next: reeve ${from === 'template' ? 'validate' : 'plan'} ${folder}`)
  },
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

const nameFrom = (folder: string): string => {
  const own = basename(resolve(folder)).toLowerCase()
  return NAME.test(own) ? own : 'access'
}

const mainFile = (name: AccessFiles['name']): string =>
  `#${schemaLine('reeve', 0)}\n# Access as code: \`reeve plan\` shows what this folder would change, \`reeve apply\` makes the server so.\nversion: 1\nname: ${JSON.stringify(name)}\n`

// What people wrote into a purpose or a tag goes into a repository, where it stays.
const refuseSecrets = (files: ReadonlyMap<string, string>): void => {
  const lines = [...files].flatMap(([path, text]) =>
    secretsIn(path, text).map(({ line, title }) => `${path}:${line}: ${title}`),
  )
  if (lines.length === 0) return
  throw new CommandError('what is registered holds what looks like a secret, and nothing was written', {
    lines,
    next: 'take it out of the field there, with `reeve identity change` for an identity, and give the secret up',
  })
}
