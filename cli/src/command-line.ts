import { CommandError } from './exit-code.ts'

/** The flags that every command has. */
export interface GlobalFlags {
  readonly isJson: boolean
  readonly server: string | undefined
  readonly mayAsk: boolean
  readonly mayColour: boolean
  readonly wantsHelp: boolean
}

/** A command line: the flags of every command, the words that may name the command, and everything in order. */
export interface SplitLine {
  readonly flags: GlobalFlags
  /** The first two words, which may be the command; whatever they are. */
  readonly words: readonly string[]
  /** The line without the flags of every command and without the first `count` words. */
  rest(count: number): string[]
}

const ALONE = ['--json', '--no-input', '--no-color', '--help', '-h']

/** Splits a command line. The flags of every command may stand before, between and after the words. */
export const splitLine = (argv: readonly string[]): SplitLine => {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const kept: string[] = []
  const seen = new Set<string>()
  let server: string | undefined
  for (let at = 0; at < end; at++) {
    const text = argv[at] ?? ''
    if (ALONE.includes(text)) seen.add(text)
    else if (text.startsWith('--server=')) server = text.slice('--server='.length) || missingServer()
    else if (text === '--server') server = argv[++at] || missingServer()
    else kept.push(text)
  }
  const firstFlag = kept.findIndex((text) => text.startsWith('-') && text !== '-')
  const words = kept.slice(0, firstFlag < 0 ? 2 : Math.min(2, firstFlag))
  return {
    flags: {
      isJson: seen.has('--json'),
      server,
      mayAsk: !seen.has('--no-input'),
      mayColour: !seen.has('--no-color'),
      wantsHelp: seen.has('--help') || seen.has('-h'),
    },
    words,
    rest: (count) => [...kept.slice(Math.min(count, words.length)), ...argv.slice(end)],
  }
}

const missingServer = (): never => {
  throw new CommandError('--server needs a URL', { next: 'give one such as --server http://127.0.0.1:4650' })
}

/** How the help of a command tells of them. */
export const GLOBAL_HELP = `For every command:
  --json          print data as JSON
  --server <url>  the server to speak to (or REEVE_SERVER)
  --no-input      never ask a question
  --no-color      no colours (also NO_COLOR)
  -h, --help      this text`
