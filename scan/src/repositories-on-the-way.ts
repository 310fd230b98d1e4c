import { basename, dirname } from 'node:path'
import { isRepositoryTop, pathIn, type Repository, repositoryAbove, repositoryAt } from './repository.ts'
import type { Place } from './walk.ts'

/** Knows which repository each place lies in: the nearest folder above it that looks like the top of one. */
export const repositoriesOnTheWay = () => {
  const byFolder = new Map<string, Repository>()
  const topOf = new Map<string, string>()
  // Two folders of one name are two repositories: their identities must not become one.
  const toldApart = (repository: Repository): Repository => {
    const { name, top } = repository
    const known = topOf.get(name)
    if (known === undefined) topOf.set(name, top)
    return known === undefined || known === top
      ? repository
      : toldApart({ name: `${basename(dirname(top))}/${name}`, top })
  }
  // Those whose top was on the way, or above it: the top, with the path by which the user would name it.
  const tops = new Map<string, { readonly name: string; readonly top: string; readonly path: string }>()
  return {
    tops: () => [...tops.values()],
    async enter({ real, path, root, names }: Place & { names: readonly string[] }): Promise<void> {
      const above = path === root ? undefined : byFolder.get(dirname(real))
      const own = isRepositoryTop(real, names) ? await repositoryAt(real) : undefined
      const repository = toldApart(own ?? above ?? (await repositoryAbove(real)))
      byFolder.set(real, repository)
      if (!tops.has(repository.top)) {
        const { name, top } = repository
        tops.set(top, { name, top, path: top === real ? path : top })
      }
    },
    /** At once, where the walk has been to the folder. */
    known({ real }: Place): { repository: string; inRepository: string } | undefined {
      const repository = byFolder.get(dirname(real))
      return repository && { repository: repository.name, inRepository: pathIn(repository, real) }
    },
    async of({ real }: Place): Promise<{ repository: string; inRepository: string }> {
      const repository = toldApart(await repositoryAbove(dirname(real)))
      return { repository: repository.name, inRepository: pathIn(repository, real) }
    },
  }
}
