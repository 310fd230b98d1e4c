import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { listedOperations } from '../operations.ts'
import { readInput } from '../read-input.ts'
import { safeJson } from '../safe-text.ts'
import { closest } from '../suggest.ts'
import { renderTable } from '../table.ts'

/** `reeve api [OPERATION]`: calls any operation with JSON, as the HTTP API has it; without a name it lists them. */
export const api: CommandSpec = {
  declare: (command) =>
    command
      .argument('[operation]', 'for example inventory.identity.list; without it, they are listed')
      .option('--body <file>', 'a file with the JSON input, or - for standard input'),
  examples: ['reeve api', `echo '{"limit":5}' | reeve api inventory.identity.list --body -`],
  notes: "Prints the server's answer as it is, always JSON; its schema is in /openapi.json of the server.",
  output: { schema: { description: 'the answer as the HTTP API gives it', type: 'object' } },
  run: async (context, command) => {
    const name = command.args[0]?.replace(/^\/v1\//, '')
    if (name === undefined) {
      const operations = listedOperations().map((each) => ({
        name: each.name,
        effect: each.effect,
        summary: each.summary,
      }))
      return context.print({ operations }, () =>
        renderTable(
          ['OPERATION', 'EFFECT', 'WHAT IT DOES'],
          operations.map((each) => [each.name, each.effect, each.summary]),
          context.around.columns,
        ),
      )
    }
    const names = listedOperations().map((each) => each.name)
    const near = names.includes(name) ? undefined : closest(name, names)
    if (near !== undefined || !/^[a-z]+\.[a-z-]+\.[a-z-]+$/.test(name))
      throw new CommandError(`there is no operation \`${name}\``, {
        lines: near === undefined ? [] : [`did you mean ${near}?`],
        next: 'reeve api lists them',
      })
    const { body } = command.opts<{ body?: string }>()
    const client = await context.client()
    const output = await client.callByName(name, await readInput(context.around, body))
    context.around.out(`${safeJson(output, 2)}\n`)
  },
}
