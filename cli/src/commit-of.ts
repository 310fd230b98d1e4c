import { execFileSync } from 'node:child_process'
import type { Surroundings } from './surroundings.ts'

/** What a folder was made of: the commit that is checked out, and who wrote it; what is not known is not there. */
export interface CommitOf {
  readonly commit?: string
  readonly author?: string
}

const CHARS_MAX = { commit: 100, author: 200 }

/** What the CI says of the commit it runs on, else what git says of the folder. */
export const commitOf = (around: Pick<Surroundings, 'ci'>, folder: string): CommitOf => {
  const commit = around.ci.commit ?? git(folder, ['rev-parse', '--verify', 'HEAD'])
  const author = around.ci.author ?? git(folder, ['log', '-1', '--format=%an <%ae>'])
  return {
    ...(commit === undefined ? {} : { commit: commit.slice(0, CHARS_MAX.commit) }),
    ...(author === undefined ? {} : { author: author.slice(0, CHARS_MAX.author) }),
  }
}

const TIMEOUT_MS = 5_000

// Without git, outside of a repository, or before the first commit there is nothing to tell.
const git = (folder: string, args: readonly string[]): string | undefined => {
  try {
    const said = execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
    }).trim()
    return said === '' ? undefined : said
  } catch {
    return undefined
  }
}
