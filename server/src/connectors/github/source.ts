import { keepList } from '../keep-list.ts'
import { linkedPages, memberOf, type Rest, restOf } from '../rest.ts'
import { type Asking, type Source, VendorError } from '../vendor.ts'
import { githubCredential } from './credential.ts'

/** Which organisation is asked, where, and as which app if it is one. */
export interface GithubSettings {
  readonly organisation: string
  readonly api: string
  readonly app?: string | undefined
  readonly installation?: string | undefined
}

/** An organisation on GitHub: what its REST API lists, as `gh api` exports it. */
export const githubSource = (settings: GithubSettings): Source => ({
  read: async (asking) => {
    const { organisation, api } = settings
    const rest = restOf({ asking, base: api, headers: githubCredential(settings, asking) })
    const ofOrganisation = async (part: string, path: string, list?: string): Promise<readonly unknown[]> =>
      asking.part<unknown>(part, (take) =>
        linkedPages(
          rest,
          `/orgs/${organisation}/${path}?per_page=100`,
          take,
          list === undefined ? undefined : (value) => memberOf(value, list),
        ),
      )
    for (const [part, path, list] of LISTS)
      keepList(asking, `${organisation}/${part}`, await ofOrganisation(part, path, list))
    const secrets = await ofOrganisation('secrets', 'actions/secrets', 'secrets')
    if (secrets.length > 0) asking.keep(`${organisation}/secrets.json`, { secrets })
    const repositories = await repositoriesOf(asking, rest, organisation)
    const keys = await ofEach(asking, rest, 'deploy-keys', repositories, 'keys')
    keepList(
      asking,
      `${organisation}/deploy-keys`,
      keys.flatMap(({ items }) => items),
    )
    const hooks = await ofEach(asking, rest, 'repository-hooks', repositories, 'hooks')
    keepList(
      asking,
      `${organisation}/repository-hooks`,
      hooks.flatMap(({ items }) => items),
    )
    for (const { repository, items } of await ofEach(
      asking,
      rest,
      'repository-secrets',
      repositories,
      'actions/secrets',
      'secrets',
    ))
      if (items.length > 0) asking.keep(`${repository}/secrets.json`, { secrets: items })
  },
})

/** Lists of the organisation whose items tell for themselves: the part, its path, and under what name the items are. */
const LISTS: readonly (readonly [part: string, path: string, list?: string])[] = [
  ['installations', 'installations', 'installations'],
  ['tokens', 'personal-access-tokens'],
  ['credentials', 'credential-authorizations'],
  ['hooks', 'hooks'],
]

const REPOSITORY = /^[\w.-]{1,100}\/[\w.-]{1,100}$/

const repositoriesOf = async (asking: Asking, rest: Rest, organisation: string): Promise<readonly string[]> => {
  const all = await asking.part<unknown>('repositories', (take) =>
    linkedPages(rest, `/orgs/${organisation}/repos?per_page=100&type=all`, take),
  )
  return all.flatMap((each) => {
    const name = memberOf(each, 'full_name')
    return typeof name === 'string' && REPOSITORY.test(name) ? [name] : []
  })
}

interface OfRepository {
  readonly repository: string
  readonly items: readonly unknown[]
}

/** The same list of each repository. One that may not be read costs no other its own, and makes the part one that lacks. */
const ofEach = async (
  asking: Asking,
  rest: Rest,
  part: string,
  repositories: readonly string[],
  path: string,
  list?: string,
): Promise<readonly OfRepository[]> => {
  const all: OfRepository[] = []
  await asking.part<unknown>(part, async (take) => {
    let failed: unknown
    for (const repository of repositories) {
      const items: unknown[] = []
      const keep = (page: readonly unknown[]): void => {
        take(page)
        items.push(...page)
      }
      await linkedPages(
        rest,
        `/repos/${repository}/${path}?per_page=100`,
        keep,
        list === undefined ? undefined : (value) => memberOf(value, list),
      ).catch((error: unknown) => {
        // Who is no longer accepted, or is to wait for too long, asks for nothing else either.
        if (!(error instanceof VendorError) || error.status === 401 || error.status === 429) throw error
        failed ??= error
      })
      all.push({ repository, items })
    }
    if (failed !== undefined) throw failed
  })
  return all
}
