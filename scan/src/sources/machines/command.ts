import { baseOf } from '../argument-settings.ts'

/** What a command runs in the end: `cd /app && nice -n 5 python3 -u sync.py` is `python3 sync.py`. */
export const programOf = (command: string): string => {
  const parts = command.slice(0, CHARS_MAX).split(/&&|\|\||;/)
  const part = parts.find((one) => !PREPARES.test(one)) ?? command
  let words = part.trim().split(/\s+/)
  for (let wrapper = baseOf(words[0]); WRAPPERS.has(wrapper) || ASSIGNMENT.test(words[0] ?? ''); ) {
    const skipped = words
      .slice(1)
      .findIndex((word, at, rest) => !OPTION.test(word) && !TAKES_NEXT.has(rest[at - 1] ?? ''))
    if (skipped === -1) break
    // `flock` names its lock first.
    words = words.slice(1 + skipped + (wrapper === 'flock' ? 1 : 0))
    wrapper = baseOf(words[0])
  }
  const [program = ''] = words
  if (!INTERPRETER.test(baseOf(program))) return program
  const script = words.slice(1).find((word) => !word.startsWith('-'))
  return script === undefined || words[1] === '-c' ? program : `${program} ${script}`
}

const CHARS_MAX = 4000
const PREPARES = /^\s*(?:cd|test|\[{1,2}|export|source|\.|set|umask|sleep)(?:\s|$)/
const WRAPPERS = new Set([
  'sudo',
  'nice',
  'ionice',
  'env',
  'nohup',
  'chronic',
  'time',
  'exec',
  'flock',
  'timeout',
  'setsid',
])
const ASSIGNMENT = /^[A-Za-z_]\w{0,100}=/
const OPTION = /^(?:-|\d{1,9}[smhd]?$|[A-Za-z_]\w{0,100}=)/
const TAKES_NEXT = new Set(['-u', '-g', '--user', '--group'])
const INTERPRETER = /^(?:python[\d.]{0,6}|node|perl|ruby|php[\d.]{0,6}|(?:ba|z|da|k)?sh|java|Rscript|deno|bun)$/
