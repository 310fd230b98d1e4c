/** The codes of a refusal that an approval, or another one, would lift. */
const CODES: ReadonlySet<string> = new Set(['approval_required', 'approval_outgrown', 'approval_expired'])

/** The command that asks for what this one was refused for want of: the same line with `--ask-approval`. */
export const askingCommand = (error: unknown, argv: readonly string[]): string | undefined => {
  if (!CODES.has(codeOf(error))) return undefined
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
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

const isApproval = (text: string): boolean => text === FLAG || text.startsWith(`${FLAG}=`)

const inShell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
