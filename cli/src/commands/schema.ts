import type { CommandSpec } from '../command.ts'
import { everyCommand } from '../every-command.ts'
import { CommandError } from '../exit-code.ts'
import { outputSchema } from '../output-schema.ts'
import { closest } from '../suggest.ts'

/** `reeve schema COMMAND`: the JSON Schema of what a command prints with --json. */
export const schema: CommandSpec = {
  declare: (command) => command.argument('<command...>', 'the words of the command'),
  examples: ['reeve schema identity list', 'reeve schema audit verify'],
  notes: '`formatVersion` rises when a field changes its meaning or goes; new fields may come at any time.',
  output: { schema: { description: 'a JSON Schema (2020-12)', type: 'object' } },
  run: async (context, command) => {
    const words = command.args.join(' ')
    const commands = everyCommand()
    const entry = commands.get(words)
    if (entry === undefined) {
      const near = closest(words, commands.keys())
      throw new CommandError(`there is no command \`reeve ${words}\``, {
        lines: near === undefined ? [] : [`did you mean ${near}?`],
        next: 'reeve help lists them',
      })
    }
    context.around.out(`${JSON.stringify(outputSchema(words, await entry.load()), null, 2)}\n`)
  },
}
