import { apiOf, tokenPages } from '../google/api.ts'
import { type GoogleSettings, googleCredential } from '../google/credential.ts'
import { keepList } from '../keep-list.ts'
import { type AskOne, ofEach } from '../of-each.ts'
import { memberOf, type Rest } from '../rest.ts'
import { type Source, VendorError } from '../vendor.ts'

/** Which customer is asked for, and as whom. */
export interface GoogleWorkspaceSettings extends GoogleSettings {
  readonly customer: string
  /** The administrator in whose name a service account with domain-wide delegation asks. */
  readonly admin?: string | undefined
}

const SCOPE = 'https://www.googleapis.com/auth/admin.directory.user'
// Two answers for each person: one after the other, a large customer would take longer than a run may.
const AT_ONCE = 4
const ID = /^\d{1,40}$/

/** A customer of Google Workspace: the applications that its people let in, and their passwords for programs. */
export const googleWorkspaceSource = (settings: GoogleWorkspaceSettings): Source => ({
  read: async (asking) => {
    const { customer, admin } = settings
    const apiWith = (scope: string): Rest => {
      const headers = googleCredential(settings, asking, { scopes: [scope], subject: admin })
      return apiOf('admin', { ...settings, asking, headers })
    }
    // A token for each scope: one that was not delegated costs no other part its own.
    const [directory, security] = [apiWith(`${SCOPE}.readonly`), apiWith(`${SCOPE}.security`)]
    const fields = encodeURIComponent('nextPageToken,users(id)')
    const people = await asking.part<unknown>('users', (take) =>
      tokenPages(
        directory,
        `/admin/directory/v1/users?customer=${customer}&maxResults=500&fields=${fields}`,
        'users',
        take,
      ),
    )
    const ids = people.flatMap((person) => {
      const id = memberOf(person, 'id')
      return typeof id === 'string' && ID.test(id) ? [id] : []
    })
    for (const [part, path] of OF_PEOPLE) {
      const lists = await ofEach(asking, part, ids, { ask: askFor({ directory, security }, path), atOnce: AT_ONCE })
      keepList(
        asking,
        `${customer}/${part}`,
        lists.flatMap(({ items }) => items),
      )
    }
  },
})

const OF_PEOPLE: readonly (readonly [part: string, path: string])[] = [
  ['tokens', 'tokens'],
  ['app-passwords', 'asps'],
]

const askFor =
  ({ directory, security }: { readonly directory: Rest; readonly security: Rest }, path: string): AskOne =>
  async (id, take) => {
    const person = `/admin/directory/v1/users/${id}`
    try {
      await tokenPages(security, `${person}/${path}`, 'items', take)
    } catch (error) {
      if (!isMissing(error)) throw error
      // Who has left since the people were listed has let nothing in; who is still there was not read.
      await directory.get(`${person}?fields=id`).then(
        () => {
          throw error
        },
        (gone: unknown) => {
          if (!isMissing(gone)) throw gone
        },
      )
    }
  }

const isMissing = (error: unknown): boolean => error instanceof VendorError && error.status === 404
