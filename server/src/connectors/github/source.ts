import { keepList } from '../keep-list.ts'
import { ofEach } from '../of-each.ts'
import { linkedPages, memberOf, type Rest, restOf } from '../rest.ts'
import type { Asking, Source } from '../vendor.ts'
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
          list === undefined ? {} : { itemsOf: (value) => memberOf(value, list) },
        ),
      )
    for (const [part, path, list] of LISTS)
      keepList(asking, `${organisation}/${part}`, await ofOrganisation(part, path, list))
    const secrets = await ofOrganisation('secrets', 'actions/secrets', 'secrets')
    if (secrets.length > 0) asking.keep(`${organisation}/secrets.json`, { secrets })
    const repositories = await repositoriesOf(asking, rest, organisation)
    for (const [part, path] of OF_REPOSITORIES) {
      const lists = await ofEach(asking, part, repositories, {
        ask: (repository, take) => linkedPages(rest, `/repos/${repository}/${path}?per_page=100`, take),
      })
      keepList(
        asking,
        `${organisation}/${part}`,
        lists.flatMap(({ items }) => items),
      )
    }
    const itemsOf = (value: unknown) => memberOf(value, 'secrets')
    const ofRepositories = await ofEach(asking, 'repository-secrets', repositories, {
      ask: (repository, take) =>
        linkedPages(rest, `/repos/${repository}/actions/secrets?per_page=100`, take, { itemsOf }),
    })
    for (const { of, items } of ofRepositories)
      if (items.length > 0) asking.keep(`${of}/secrets.json`, { secrets: items })
  },
})

/** The same of a repository. */
const OF_REPOSITORIES: readonly (readonly [part: string, path: string])[] = [
  ['deploy-keys', 'keys'],
  ['repository-hooks', 'hooks'],
]

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
