import type { CommandEntry } from './command.ts'
import { EXIT_CODES } from './exit-code.ts'

/** What people do, in the order in which they come to it; the rest is found by its noun. */
const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ['Find what is there', ['scan', 'import', 'adopt', 'sighting list', 'identity list', 'finding list']],
  ['Own it', ['identity create', 'identity change', 'identity retire', 'team create']],
  ['Let it prove itself', ['credential add', 'credential rotate', 'credential list', 'token get', 'token inspect']],
  ['Say what it may do', ['init', 'plan', 'apply', 'validate', 'test', 'can', 'who-can', 'grant list']],
  ['Stop it, and undo that', ['quarantine', 'release', 'credential revoke', 'token revoke']],
  ['Know why', ['why', 'audit tail', 'audit search', 'audit export', 'audit verify']],
  ['Decide', ['request', 'approve', 'refuse', 'exception create', 'finding accept', 'person invite']],
  ['This machine and the server', ['login', 'logout', 'whoami', 'status', 'doctor', 'completion', 'api', 'schema']],
]

const COLUMNS = 80

type Commands = ReadonlyMap<string, CommandEntry>

/** The help of `reeve` itself: what is done most, by task, and the nouns of everything else. */
export const rootHelp = (commands: Commands): string => {
  const nouns = [...new Set([...commands.keys()].filter((words) => words.includes(' ')).map(nounOf))].sort()
  return [
    'Usage: reeve <command> [options]',
    '',
    'The control plane for non-human identities: find, own, credential, judge, record',
    'and stop them.',
    ...GROUPS.flatMap(([title, words]) => ['', `${title}:`, ...words.map((each) => lineOf(each, commands))]),
    '',
    'Every noun has its own list of commands: reeve help NOUN',
    ...folded(nouns.join(', ')),
    '',
    'More: reeve help exit-codes, reeve help environment, reeve help json',
    'For every command: --json  --server URL  --no-input  --no-color  --help',
    '',
  ].join('\n')
}

/** The help of a noun: its verbs. */
export const groupHelp = (noun: string, commands: Commands): string => {
  const own = [...commands.keys()].filter((words) => words.startsWith(`${noun} `))
  const width = Math.max(...own.map((words) => words.length))
  return [
    `Usage: reeve ${noun} <verb> [options]`,
    '',
    ...own.map((words) => lineOf(words, commands, width)),
    '',
    `What one takes: reeve ${noun} VERB --help`,
    '',
  ].join('\n')
}

/** Help that belongs to no command. */
export const TOPICS: Readonly<Record<string, () => string>> = {
  'exit-codes': () =>
    Object.entries(EXIT_CODES)
      .map(([code, meaning]) => `${code.padStart(4)}  ${meaning}\n`)
      .join(''),
  environment: () =>
    `Flags win over the environment, the environment over the last login.

  REEVE_SERVER        the server to speak to
  REEVE_CONFIG        where logins are kept; else $XDG_CONFIG_HOME/reeve, else
                      ~/.config/reeve
  REEVE_SESSION_FILE  a session.json to call with, for CI
  GITHUB_SHA, GITHUB_ACTOR, CI_COMMIT_SHA, CI_COMMIT_AUTHOR
                      the commit and the author that an apply is recorded with
  NO_COLOR            no colours; so does TERM=dumb
  XDG_CACHE_HOME      where the compiled program is kept; else ~/.cache
`,
  json: () =>
    `With --json, standard output is one JSON object with a formatVersion; talk and
errors stay on standard error. reeve schema COMMAND prints its JSON Schema.
The version rises when a field changes its meaning or goes; fields may be added.
A list gives a page in items, and in nextCursor what --cursor takes; --all gives
everything. reeve audit export and reeve audit tail -f print one JSON a line.
`,
}

const nounOf = (words: string): string => words.split(' ')[0] ?? ''

const lineOf = (words: string, commands: Commands, width = 18): string => {
  const start = `  ${words.padEnd(width)}  `
  return start + shortened(commands.get(words)?.summary ?? '', COLUMNS - start.length)
}

/** The first clauses of a sentence, as many as there is room for. */
const shortened = (text: string, room: number): string => {
  if (text.length <= room) return text
  const clause = /^(.*)[,;:] /.exec(text.slice(0, room + 1))?.[1]
  if (clause !== undefined && clause.length > room / 3) return clause
  const cut = text.slice(0, room - 1)
  return `${cut.slice(0, cut.lastIndexOf(' '))} …`
}

const folded = (text: string): string[] =>
  text
    .replace(/(.{1,76})(?: +|$)/g, '  $1\n')
    .trimEnd()
    .split('\n')
