import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { secretsIn } from '@reeve/scan'
import { unreadProblem } from './access-review.ts'
import { CommandError } from './exit-code.ts'

/** Every secret in the files of a folder of access as code, by place: no file of it holds the value of one. */
export const secretProblems = (folder: string) =>
  filesBelow(folder).flatMap((file) => {
    const path = relative(folder, file)
    return secretsIn(path, readFileSync(file, 'utf8')).map(({ line, title }) =>
      unreadProblem(`${path}:${line}`, `holds what looks like a secret: ${title}`),
    )
  })

/** Throws where a folder holds a secret, before anything of it is sent. */
export const refuseSecrets = (folder: string): void => {
  const found = secretProblems(folder)
  if (found.length === 0) return
  throw new CommandError(`${folder} holds what looks like a secret; nothing was sent`, {
    lines: found.map(({ place, message }) => `${place}: ${message}`),
    next: 'take it out of the files and of their history, and give it up; what is none is allowed by a comment `# reeve:allow`',
  })
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      return entry.isFile() && /\.(?:ya?ml|cedar)$/.test(entry.name) ? [path] : []
    })
