import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

/** A version of a file, and the commit that brought it. */
export interface Change {
  readonly commit: string
  readonly at: Date
  readonly blob: string
  readonly path: string
}

/** What lies in a repository's store of objects; closed when done. */
export interface GitObjects {
  /** Every version of every file in all commits that a branch, a tag or another ref reaches, the oldest first. */
  changes(): AsyncGenerator<Change>
  /** The contents of objects, in the order of their ids; `undefined` for one that is not there or larger than `bytesMax`. */
  contents(blobs: Iterable<string>, bytesMax: number): AsyncGenerator<{ blob: string; bytes: Buffer | undefined }>
  close(): void
}

/**
 * Opens the objects of a repository by the git program, which is looked for along `searchPath` (as `PATH` is written).
 * INVARIANT: nothing that the repository says is run. git is given a folder of our own, with our settings and no hooks,
 * attributes or remotes, and of the repository its store of objects and the ids that its refs name, nothing else.
 */
export const openGitObjects = (top: string, searchPath: string): GitObjects => {
  const own = mkdtempSync(join(tmpdir(), 'reeve-history-'))
  const folder = gitFolderOf(top)
  const common = commonFolderOf(folder)
  const tips = [...new Set([...tipsOf(common), ...tipsOf(folder)])]
  const isSha256 = tips.some((tip) => tip.length === 64)
  mkdirSync(join(own, 'refs'))
  mkdirSync(join(own, 'objects'))
  writeFileSync(join(own, 'HEAD'), 'ref: refs/heads/none\n')
  writeFileSync(
    join(own, 'config'),
    `[core]\n\trepositoryformatversion = ${isSha256 ? '1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256' : '0\n\tbare = true'}\n`,
  )
  const shallow = join(common, 'shallow')
  const env = {
    PATH: searchPath,
    LC_ALL: 'C',
    HOME: own,
    GIT_DIR: own,
    GIT_OBJECT_DIRECTORY: join(common, 'objects'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_OPTIONAL_LOCKS: '0',
    ...(isFile(shallow) ? { GIT_SHALLOW_FILE: shallow } : {}),
  }
  const start = (args: readonly string[], input: Iterable<string>): ChildProcess => {
    const child = spawn('git', ['--no-pager', '-c', 'core.quotePath=false', ...args], {
      cwd: own,
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    // git may end before it has read everything; what came of it is judged by its exit code.
    child.stdin?.on('error', () => {})
    if (child.stdin) Readable.from(withLineEnds(input)).pipe(child.stdin)
    return child
  }
  return {
    async *changes() {
      if (tips.length === 0) return
      const child = start(LOG, tips)
      const ended = endOf(child)
      let commit = ''
      let at = new Date(0)
      for await (const line of createInterface({ input: child.stdout ?? Readable.from([]) })) {
        const head = COMMIT.exec(line)
        if (head) {
          commit = head[1] ?? ''
          at = new Date(Number(head[2]) * 1000)
        }
        const change = head ? undefined : changeOf(line)
        if (change) yield { commit, at, ...change }
      }
      await ended
    },
    async *contents(blobs, bytesMax) {
      const child = start(['cat-file', '--batch', '--buffer'], blobs)
      const ended = endOf(child)
      yield* batchOf(child.stdout ?? Readable.from([]), bytesMax)
      await ended
    },
    close: () => rmSync(own, { recursive: true, force: true }),
  }
}

const LOG = [
  ...['log', '--stdin', '--ignore-missing', '--reverse', '--topo-order', '--raw', '--no-abbrev', '--no-renames'],
  ...['-m', '--root', '--no-show-signature', '--no-ext-diff', '--no-textconv', '--no-color', '--format=commit %H %ct'],
]
const COMMIT = /^commit ([0-9a-f]{40,64}) (\d{1,12})$/

// `:100644 100755 OLD NEW M<tab>PATH`
const changeOf = (line: string): { blob: string; path: string } | undefined => {
  const tab = line.indexOf('\t')
  const [, mode = '', , blob = ''] = line.slice(0, tab).split(' ')
  // Neither links nor other repositories hold text of their own, and what goes has no mode.
  return tab !== -1 && line.startsWith(':') && mode.startsWith('100') ? { blob, path: line.slice(tab + 1) } : undefined
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`
}

const endOf = (child: ChildProcess): Promise<void> => {
  const ended = new Promise<void>((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => (code === 0 ? done() : failed(new Error(`git ended with ${code}`))))
  })
  ended.catch(() => {})
  return ended
}

/** The answers of `git cat-file --batch`: a line with id, type and size, the bytes, and a line end. */
async function* batchOf(
  output: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<{ blob: string; bytes: Buffer | undefined }> {
  const reader = readerOf(output)
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const [blob = '', type = '', size = '0'] = line.split(' ')
    if (type === 'blob' && Number(size) <= bytesMax) {
      const bytes = await reader.take(Number(size) + 1)
      yield { blob, bytes: bytes?.subarray(0, -1) }
    } else {
      if (type !== 'missing') await reader.skip(Number(size) + 1)
      yield { blob, bytes: undefined }
    }
  }
}

const readerOf = (output: AsyncIterable<Buffer>) => {
  const chunks = output[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  const more = async (): Promise<Buffer | undefined> => {
    const { value, done } = await chunks.next()
    return done ? undefined : value
  }
  const take = async (size: number): Promise<Buffer | undefined> => {
    if (held.length < size) {
      const pieces: Buffer[] = [held]
      for (let length = held.length; length < size; length += pieces.at(-1)?.length ?? 0) {
        const next = await more()
        if (!next) return undefined
        pieces.push(next)
      }
      held = Buffer.concat(pieces)
    }
    const taken = held.subarray(0, size)
    held = held.subarray(size)
    return taken
  }
  return {
    take,
    async line(): Promise<string | undefined> {
      for (let end = held.indexOf(10); ; end = held.indexOf(10)) {
        if (end !== -1) return (await take(end + 1))?.toString('latin1', 0, end)
        const next = await more()
        if (!next) return undefined
        held = Buffer.concat([held, next])
      }
    },
    async skip(size: number): Promise<void> {
      for (let left = size; left > 0; ) {
        if (held.length === 0) held = (await more()) ?? Buffer.alloc(0)
        if (held.length === 0) return
        const part = Math.min(left, held.length)
        held = held.subarray(part)
        left -= part
      }
    },
  }
}

const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true

const SMALL_BYTES_MAX = 4096
const smallText = (path: string): string => {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() && stats.size <= SMALL_BYTES_MAX ? readFileSync(path, 'utf8').trim() : ''
}

// A worktree's `.git` is a file that names its folder, and that one the folder that all worktrees share.
const gitFolderOf = (top: string): string => {
  const git = join(top, '.git')
  if (isFolder(git)) return git
  const text = smallText(git)
  return text.startsWith(GITDIR) ? resolve(top, text.slice(GITDIR.length)) : top
}

const GITDIR = 'gitdir: '

const commonFolderOf = (folder: string): string => {
  const named = smallText(join(folder, 'commondir'))
  return named === '' ? folder : resolve(folder, named)
}

const PACKED_BYTES_MAX = 64 * 1024 * 1024
const REFS_MAX = 200_000

/** The ids that refs name, read without git; links are not followed. */
const tipsOf = (folder: string): string[] => {
  const tips: string[] = []
  const take = (text: string): void => {
    const id = /^([0-9a-f]{64}|[0-9a-f]{40})(?:\s|$)/.exec(text)?.[1]
    if (id !== undefined && tips.length < REFS_MAX) tips.push(id)
  }
  take(smallText(join(folder, 'HEAD')))
  const packed = join(folder, 'packed-refs')
  if (isFile(packed) && lstatSync(packed).size <= PACKED_BYTES_MAX)
    for (const line of readFileSync(packed, 'utf8').split('\n')) take(line.replace(/^\^/, ''))
  const refs = join(folder, 'refs')
  if (isFolder(refs))
    for (const entry of readdirSync(refs, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) take(smallText(join(entry.parentPath, entry.name)))
  return tips
}

/** Whether a folder is the top of a repository whose history can be read. */
export const hasHistory = (top: string): boolean =>
  existsSync(join(gitFolderOf(top), 'HEAD')) && !isFile(join(top, 'HEAD'))
