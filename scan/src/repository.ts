import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'

/** Where a repository starts, and what it is called wherever it is checked out. */
export interface Repository {
  readonly name: string
  /** The real path of its top. */
  readonly top: string
}

/** Whether a folder with these names in it is the top of a repository. */
export const isRepositoryTop = (realFolder: string, names: readonly string[]): boolean =>
  names.includes('.git') ||
  names.includes('.github') ||
  (names.includes('CODEOWNERS') && !CODEOWNERS_FOLDERS.has(basename(realFolder)))

// Inside a repository the file may lie in one of these as well.
const CODEOWNERS_FOLDERS = new Set(['.github', '.gitlab', 'docs'])

/** The repository whose top this folder is: called as its remote is, or as its folder. */
export const repositoryAt = async (realFolder: string): Promise<Repository> => ({
  name: (await remoteName(realFolder)) ?? (basename(realFolder) || 'root'),
  top: realFolder,
})

/** The repository that a place lies in, looked for upwards; the place itself when there is none. */
export const repositoryAbove = async (realFolder: string): Promise<Repository> => {
  for (let folder = realFolder; folder !== dirname(folder); folder = dirname(folder)) {
    if ((await exists(join(folder, '.git'))) || (await exists(join(folder, '.github')))) return repositoryAt(folder)
  }
  return repositoryAt(realFolder)
}

/** The way from the top of the repository, with forward slashes. */
export const pathIn = ({ top }: Repository, realPath: string): string => {
  const isBelow = realPath.startsWith(top) && realPath[top.length] === sep
  return (isBelow ? realPath.slice(top.length + 1) : relative(top, realPath)).replaceAll('\\', '/')
}

const exists = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

const CONFIG_BYTES_MAX = 65_536

// `owner/name` out of the URL of `origin`; whatever else a URL may hold, a password even, is dropped.
const remoteName = async (folder: string): Promise<string | undefined> => {
  const config = await readStart(join(folder, '.git', 'config'))
  let isOrigin = false
  for (const line of config.split('\n')) {
    const trimmed = line.trim()
    if (trimmed.startsWith('[')) isOrigin = trimmed === '[remote "origin"]'
    else if (isOrigin && /^url[ \t]{0,8}=/.test(trimmed)) {
      const [name = '', owner = ''] = trimmed
        .split(/[/:]/)
        .filter((word) => word !== '')
        .reverse()
      const isNamed = [name, owner].every((word) => /^[\w.-]{1,100}$/.test(word))
      return isNamed ? `${owner}/${name.replace(/\.git$/, '')}` : undefined
    }
  }
  return undefined
}

const readStart = async (path: string): Promise<string> => {
  try {
    // What is scanned may be a stranger's: a pipe in this place is not waited for, a link is not followed out.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(CONFIG_BYTES_MAX), 0, CONFIG_BYTES_MAX, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch {
    // A worktree's `.git` is a file, an export has none: the folder's name does as well.
    return ''
  }
}
