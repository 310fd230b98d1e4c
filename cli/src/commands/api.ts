import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { readInput } from '../read-input.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve api OPERATION`: calls any operation with JSON, as the HTTP API has it. */
export const addApi = (program: Command, around: Surroundings): void => {
  const api = program
    .command('api')
    .description('call an operation by its name with a JSON input')
    .argument('<operation>', 'for example inventory.identity.list')
    .option('--body <file>', 'a file with the JSON input, or -')
    .addHelpText('after', '\nExample:\n  echo \'{"limit":5}\' | reeve api inventory.identity.list --body -')
    .action(async (operation: string) => {
      const context = contextOf(around, api)
      const output = await context.client.callByName(operation, await readInput(around, api.opts().body))
      around.out(`${JSON.stringify(output, null, 2)}\n`)
    })
}
