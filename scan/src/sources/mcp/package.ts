import type { McpServer, Placed } from './configuration.ts'

/** What a server's command fetches and runs. */
export interface FetchedPackage extends Placed {
  /** Whether the name says exactly what is run, today and tomorrow. */
  readonly isPinned: boolean
}

/** What a server's command fetches before it runs it: a package or an image of others; `undefined` for what is there already. */
export const packageOf = ({ command, args }: Pick<McpServer, 'command' | 'args'>): FetchedPackage | undefined => {
  const words = unwrapped([{ text: command, line: args[0]?.line ?? 1 }, ...args])
  const [first, second] = words
  const runner = baseOf(first?.text ?? '')
  if (NODE_RUNNERS.has(runner)) return nodePackage(words.slice(1))
  if ((runner === 'pnpm' || runner === 'yarn') && second?.text === 'dlx') return nodePackage(words.slice(2))
  if ((runner === 'npm' || runner === 'bun') && (second?.text === 'exec' || second?.text === 'x'))
    return nodePackage(words.slice(2))
  if (runner === 'uvx') return pythonPackage(words.slice(1))
  if (runner === 'uv' && second?.text === 'tool' && words[2]?.text === 'run') return pythonPackage(words.slice(3))
  if (runner === 'pipx' && second?.text === 'run') return pythonPackage(words.slice(2))
  if ((runner === 'docker' || runner === 'podman') && second?.text === 'run') return image(words.slice(2))
  return undefined
}

const NODE_RUNNERS = new Set(['npx', 'bunx', 'pnpx'])

// `cmd /c npx …` and `sh -c "npx …"` are how some systems have to be told.
const unwrapped = (words: readonly Placed[]): readonly Placed[] => {
  const [first, second, third] = words
  const shell = baseOf(first?.text ?? '')
  if (shell === 'cmd' && /^\/c$/i.test(second?.text ?? '')) return words.slice(2)
  if (!SHELLS.has(shell) || !third || !/^-[a-z]{0,3}c$/.test(second?.text ?? '')) return words
  return third.text.split(/\s+/).map((text) => ({ text, line: third.line }))
}

export const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'powershell', 'pwsh'])

/** A command without its folder and without what systems add to its name. */
export const baseOf = (command: string): string =>
  command
    .slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1)
    .toLowerCase()
    .replace(/\.(?:exe|cmd|bat)$/, '')

const nodePackage = (words: readonly Placed[]): FetchedPackage | undefined => {
  const found = named(words, ['--package'], [])
  if (!found || /^[./~]/.test(found.text)) return undefined
  const at = found.text.lastIndexOf('@')
  const isExact = at > 0 && /^v?\d{1,9}\.\d{1,9}\.\d{1,9}[\w.+-]{0,60}$/.test(found.text.slice(at + 1))
  return { ...found, isPinned: isExact || COMMIT.test(found.text) }
}

const pythonPackage = (words: readonly Placed[]): FetchedPackage | undefined => {
  const found = named(
    words,
    ['--from', '--spec'],
    ['--python', '-p', '--with', '--directory', '--index-url', '--index'],
  )
  if (!found || /^[./~]/.test(found.text)) return undefined
  const [, ...versions] = found.text.split(/==|@/)
  const isExact = /^v?\d{1,9}(?:\.\d{1,9}){1,3}[\w.+-]{0,60}$/.test(versions.at(-1) ?? '')
  return { ...found, isPinned: isExact || COMMIT.test(found.text) }
}

const image = (words: readonly Placed[]): FetchedPackage | undefined => {
  const found = named(words, [], DOCKER_VALUES)
  if (!found) return undefined
  // A tag may be moved by its owner; `latest`, or none, is moved every day.
  const hasTag = /:./.test(found.text.slice(found.text.lastIndexOf('/') + 1))
  const isMoving = !hasTag || /:(?:latest|main|master|edge|nightly)$/.test(found.text)
  return { ...found, isPinned: found.text.includes('@sha256:') || !isMoving }
}

const COMMIT = /[#@][0-9a-f]{40}$/

// The first word that is no flag, or what a flag names instead.
const named = (words: readonly Placed[], naming: readonly string[], valued: readonly string[]): Placed | undefined => {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]
    if (!word) return undefined
    const flag = word.text.split('=', 1)[0] ?? ''
    if (naming.includes(flag))
      return word.text.includes('=') ? { ...word, text: word.text.slice(flag.length + 1) } : words[at + 1]
    if (valued.includes(word.text)) at += 1
    else if (!word.text.startsWith('-')) return word
  }
  return undefined
}

const DOCKER_VALUES = [
  ...[
    '-e',
    '--env',
    '--env-file',
    '-v',
    '--volume',
    '--mount',
    '-p',
    '--publish',
    '--name',
    '--network',
    '--net',
    '-u',
  ],
  ...[
    '--user',
    '-w',
    '--workdir',
    '--entrypoint',
    '-l',
    '--label',
    '--add-host',
    '--platform',
    '--memory',
    '-m',
    '--cpus',
  ],
  ...['--pull', '--cap-add', '--cap-drop', '--security-opt', '--device', '--gpus', '-h', '--hostname', '--tmpfs'],
]
