import type { Context } from './context.ts'
import { CommandError } from './exit-code.ts'
import { safeText } from './safe-text.ts'

/**
 * Asks before something grave, on stderr; with `typed`, that must be typed. Without a terminal nothing is asked, and
 * --yes is needed.
 */
export const confirmed = async (context: Context, what: string, typed?: string): Promise<void> => {
  if (!context.mayAsk)
    throw new CommandError(`${what}: nobody is there to confirm it`, { next: 'repeat the command with --yes' })
  const { confirm, isCancel, text } = await import('@clack/prompts')
  const { stdin: input, stderr: output } = context.around
  const message = safeText(what)
  const answer =
    typed === undefined
      ? await confirm({ message: `${message}. Go on?`, initialValue: false, input, output })
      : await text({ message: `${message}. Type ${safeText(typed)} to go on`, input, output })
  const isAgreed = !isCancel(answer) && (typed === undefined ? answer === true : answer === typed)
  if (!isAgreed) throw new CommandError('nothing was changed', { exitCode: 130 })
}
