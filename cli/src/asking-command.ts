/** The codes of a refusal that an approval, or another one, would lift. */
const CODES: ReadonlySet<string> = new Set(['approval_required', 'approval_outgrown', 'approval_expired'])

/**
 * The command that asks for what this one was refused for want of: the same line with `--ask-approval`. Where it named
 * an approval that nobody gave yet, or that was refused, the one that shows it and who must still decide.
 */
export const askingCommand = (error: unknown, argv: readonly string[]): string | undefined => {
  const code = codeOf(error)
  if (!CODES.has(code)) return undefined
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const named = approvalIn(argv.slice(0, end))
  if (code === 'approval_required' && named !== undefined) return `reeve approval show ${inShell(named)}`
  const flags = argv.slice(0, end).filter((text, at) => !isApproval(text) && argv[at - 1] !== FLAG)
  const words = ['reeve', ...flags, '--ask-approval', 'WHY', ...argv.slice(end)]
  return words.map(inShell).join(' ')
}

// What a command makes of an answer has that answer as its cause.
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return ''
  return error.name === 'ReeveError' && 'code' in error ? String(error.code) : codeOf(error.cause)
}

const FLAG = '--approval'

const approvalIn = (words: readonly string[]): string | undefined =>
  words
    .flatMap((text, at) =>
      text === FLAG ? words.slice(at + 1, at + 2) : isApproval(text) ? [text.slice(FLAG.length + 1)] : [],
    )
    .at(-1)

const isApproval = (text: string): boolean => text === FLAG || text.startsWith(`${FLAG}=`)

const inShell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
