import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readToken } from '../read-token.ts'
import { safeText } from '../safe-text.ts'

/** `reeve why ID`: the reason behind a decision, refusal, token, credential, grant, finding, identity, event, request or approval. */
export const why: CommandSpec = {
  declare: (command) =>
    command.argument('<id>', 'the id that the message or the log gave; of a token its file, or - for standard input'),
  examples: ['reeve why dec_7Zq2dM4s', 'reeve why req_7Zq2dM4s', 'reeve why token.jwt'],
  notes: 'For a decision, refusal, token, credential, grant, finding, identity, event, request or approval.',
  output: { operation: 'observe.why.show' },
  run: async (context, command) => {
    const [id = ''] = command.args
    const reason = /^[a-z]{2,6}_[\w-]+(?:\.\d{1,4})?$/.test(id)
      ? await (await context.client()).observe.why.show({ id })
      : await whyToken(context, id)
    context.print(reason, () => {
      const lines = [
        reason.summary,
        ...reason.because.map((line) => `  because ${line}`),
        ...reason.policies.map(({ id, origin }) => `  policy  ${id}${origin === null ? '' : ` (${origin})`}`),
        ...reason.missing.map((name) => `  missing ${name}`),
        ...(reason.wouldAllow === null
          ? []
          : [
              'what would allow it:',
              ...reason.wouldAllow
                .trimEnd()
                .split('\n')
                .map((line) => `    ${line}`),
            ]),
      ]
      return lines.map((line) => `${safeText(line)}\n`).join('')
    })
    context.say(safeText(`next: ${reason.next}`))
  },
}

/** Of a token, which is named by no id: whoever holds it shows it to the server. */
const whyToken = async (context: Context, file: string) => {
  const { around } = context
  const isFile = file === '-' || statSync(resolve(around.workingFolder, file), { throwIfNoEntry: false }) !== undefined
  if (!isFile && !file.startsWith('eyJ'))
    throw new CommandError(`\`${safeText(file)}\` is no id, nor a file with a token: ids read like dec_7Zq2dM4s`, {
      next: 'take the id from the message, the log, or a list such as `reeve finding list`',
    })
  const token = await readToken(around, file)
  const client = await context.client()
  const { token: id, isInForce, ended, because } = await client.broker.token.inspect({ token })
  const isOver = ended === 'expired'
  return {
    id,
    summary: `the token is ${isInForce ? 'in force' : isOver ? 'over' : 'stopped'}`,
    because,
    ...{ policies: [], missing: [], wouldAllow: null },
    next: isInForce ? 'nothing: it can be used' : isOver ? 'get another one' : STOPPED,
  }
}

const STOPPED =
  'what was quarantined is released with `reeve release`; what was revoked stays so, and another token is needed'
