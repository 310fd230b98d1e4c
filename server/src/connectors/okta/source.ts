import { keepList } from '../keep-list.ts'
import { ofEach } from '../of-each.ts'
import { linkedPages, memberOf, restOf } from '../rest.ts'
import type { Source } from '../vendor.ts'

/** Where an organisation of Okta is, and what its secret is. */
export interface OktaSettings {
  readonly url: string
  readonly scheme: 'SSWS' | 'Bearer'
}

const ID = /^[A-Za-z0-9_-]{1,100}$/

/** An organisation of Okta: applications, API tokens, and the scopes of Okta's own API that applications were granted. */
export const oktaSource = ({ url, scheme }: OktaSettings): Source => ({
  read: async (asking) => {
    const rest = restOf({ asking, base: url, headers: () => ({ authorization: `${scheme} ${asking.secret}` }) })
    const { host } = new URL(url)
    const apps = await asking.part<unknown>('apps', (take) => linkedPages(rest, '/api/v1/apps?limit=200', take))
    keepList(asking, `${host}/apps`, apps)
    const tokens = await asking.part<unknown>('tokens', (take) =>
      linkedPages(rest, '/api/v1/api-tokens?limit=200', take),
    )
    keepList(asking, `${host}/tokens`, tokens)
    // Only a client of OpenID Connect can be granted a scope.
    const clients = apps.flatMap((app) => {
      const id = memberOf(app, 'id')
      return memberOf(app, 'signOnMode') === 'OPENID_CONNECT' && typeof id === 'string' && ID.test(id) ? [id] : []
    })
    const grants = await ofEach(asking, 'grants', clients, {
      ask: (id, take) => linkedPages(rest, `/api/v1/apps/${id}/grants?limit=200`, take),
    })
    keepList(
      asking,
      `${host}/grants`,
      grants.flatMap(({ items }) => items),
    )
  },
})
