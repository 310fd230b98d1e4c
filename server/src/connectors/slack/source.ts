import { keepList } from '../keep-list.ts'
import { memberOf, type Rest, restOf } from '../rest.ts'
import { type Source, VendorError } from '../vendor.ts'

/** Where the Web API of Slack is. */
export interface SlackSettings {
  readonly workspace: string
  readonly api: string
}

const PAGES_MAX = 10_000

/** A workspace of Slack: bots, apps that were approved, and who installed which. */
export const slackSource = ({ workspace, api }: SlackSettings): Source => ({
  read: async (asking) => {
    const rest = restOf({ asking, base: api, headers: () => ({ authorization: `Bearer ${asking.secret}` }) })
    const users = await asking.part<unknown>('bots', (take) => byCursor(rest, 'users.list?limit=200', 'members', take))
    // People are nobody's to govern here, and who was deleted is gone.
    const bots = users.filter((user) => memberOf(user, 'is_bot') === true && memberOf(user, 'deleted') !== true)
    keepList(asking, `${workspace}/bots`, bots)
    const apps = await asking.part<unknown>('approved-apps', (take) =>
      byCursor(rest, 'admin.apps.approved.list?limit=100', 'approved_apps', take),
    )
    // Its parser knows the answer by this name.
    keepList(asking, `${workspace}/approved-apps`, apps, (some) => ({ approved_apps: some }))
    const logs = await asking.part<unknown>('integration-logs', (take) => byNumber(rest, take))
    keepList(asking, `${workspace}/integration-logs`, logs)
  },
})

const byCursor = async (
  rest: Rest,
  path: string,
  list: string,
  take: (items: readonly unknown[]) => void,
): Promise<void> => {
  let cursor = ''
  for (let page = 0; page < PAGES_MAX; page++) {
    const value = await asked(rest, `/${path}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    take(itemsOf(value, list))
    const next = memberOf(memberOf(value, 'response_metadata'), 'next_cursor')
    if (typeof next !== 'string' || next === '') return
    cursor = next
  }
  throw new VendorError('its pages do not end')
}

const byNumber = async (rest: Rest, take: (items: readonly unknown[]) => void): Promise<void> => {
  for (let page = 1; page <= PAGES_MAX; page++) {
    const value = await asked(rest, `/team.integrationLogs?count=200&page=${page}`)
    take(itemsOf(value, 'logs'))
    const pages = memberOf(memberOf(value, 'paging'), 'pages')
    if (typeof pages !== 'number') throw new VendorError('its answer has another form than is documented')
    if (page >= pages) return
  }
  throw new VendorError('its pages do not end')
}

const itemsOf = (value: unknown, list: string): readonly unknown[] => {
  const items = memberOf(value, list)
  if (!Array.isArray(items)) throw new VendorError('its answer has another form than is documented')
  return items
}

/** Slack answers 200 whatever comes, and says in the answer whether it was done. */
const asked = async (rest: Rest, path: string): Promise<unknown> => {
  const { value } = await rest.get(path)
  if (memberOf(value, 'ok') === true) return value
  const error = memberOf(value, 'error')
  const code = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : 'unknown'
  throw new VendorError(`it answers ${code}`, STATUS[code])
}

const STATUS: Readonly<Record<string, number>> = Object.fromEntries([
  ...['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive'].map((code) => [code, 401]),
  ...['missing_scope', 'access_denied', 'no_permission', 'not_an_admin', 'not_allowed_token_type', 'paid_only'].map(
    (code) => [code, 403],
  ),
  ...['feature_not_enabled', 'team_access_not_granted', 'not_an_enterprise', 'ekm_access_denied'].map((code) => [
    code,
    403,
  ]),
])
