import type { Answered } from '../../kit/fetch.ts'
import { type Rest, restOf } from '../rest.ts'
import { type Source, VendorError, type Writing } from '../vendor.ts'
import { CLOUDS } from './clouds.ts'
import { readDirectory } from './directory.ts'
import { azureLogin } from './login.ts'
import type { ProofName } from './proof.ts'
import { IDENTITY_ID, readResources, TAG } from './resources.ts'

/** Which tenant is asked, as which application, in which cloud; where, if not at its own addresses. */
export interface AzureSettings {
  readonly tenant: string
  readonly client: string
  readonly proof: ProofName
  readonly cloud: keyof typeof CLOUDS
  readonly subscriptions?: string | undefined
  readonly login?: string | undefined
  readonly graph?: string | undefined
  readonly arm?: string | undefined
}

/** A tenant of Entra, and its subscriptions of Azure: as `az` and Graph export them. */
export const azureSource = (settings: AzureSettings): Source => ({
  read: async (asking) => {
    const { graph, arm } = apisOf(settings, asking)
    const principals = await readDirectory(asking, graph, settings.tenant)
    const subscriptions = [...new Set(settings.subscriptions?.split(','))]
    await readResources({ asking, rest: arm, tenant: settings.tenant, subscriptions, principals })
  },
  write: async (asking, { at = '', set }) => {
    if (!IDENTITY_ID.test(at)) throw new VendorError('this is no managed identity of Azure')
    const { arm } = apisOf(settings, asking)
    const tags = Object.fromEntries(Object.entries(set).map(([tag, value]) => [`${TAG}${tag}`, value]))
    // Merged by Azure, so that no other tag is lost to who writes at the same time.
    const path = `${encodeURI(at)}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`
    await arm.send('PATCH', path, JSON.stringify({ operation: 'Merge', properties: { tags } }), 'application/json')
  },
})

const apisOf = (settings: AzureSettings, asking: Writing): { readonly graph: Rest; readonly arm: Rest } => {
  const cloud = CLOUDS[settings.cloud]
  // Tokens are for the API itself, wherever it is asked.
  const headersFor = azureLogin({ ...settings, login: settings.login ?? cloud.login, ownLogin: cloud.login }, asking)
  return {
    graph: restOf({ asking, base: settings.graph ?? cloud.graph, headers: headersFor(cloud.graph) }),
    arm: restOf({ asking, base: settings.arm ?? cloud.arm, headers: headersFor(cloud.arm), meant }),
  }
}

const HEAD_BYTES = 4_000

// A subscription that never used a service has none of its things, which Resource Manager says as a conflict.
const meant = (answer: Answered): Answered =>
  answer.status === 409 && answer.bytes.toString('latin1', 0, HEAD_BYTES).includes('"MissingSubscriptionRegistration"')
    ? { ...answer, status: 200, bytes: Buffer.from('{"value":[]}') }
    : answer
