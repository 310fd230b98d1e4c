import { keepList } from '../keep-list.ts'
import { type AskOne, listEach } from '../of-each.ts'
import { linkedPages, memberOf, type Rest } from '../rest.ts'
import { type Asking, VendorError } from '../vendor.ts'
import { fieldsOf, itemsIn, listIn, only, pagingBy } from './pages.ts'

const PAGING = pagingBy('@odata.nextLink')
const PAGE = '$top=999'
const NAMED = '$select=id,appId,displayName'
// As many related things as an object is listed with, whoever many it has.
const EXPANDED_MAX = 20
const ID = /^[0-9a-fA-F-]{36}$/

/** The service principals that were read, by object id, and whether they are all that there are. */
export interface KnownPrincipals {
  readonly ids: ReadonlySet<unknown>
  readonly are: 'all' | 'some' | 'left out'
}

/** Whether something tells of a principal. Of whom nothing does, what it was given would be taken for somebody new. */
type IsExplained = (principal: unknown) => boolean

interface Directory {
  readonly asking: Asking
  readonly rest: Rest
  readonly tenant: string
  list(path: string, take: Take): Promise<void>
}

type Take = (items: readonly unknown[]) => void

/** The directory of a tenant as Microsoft Graph tells of it, in the form of its exports. */
export const readDirectory = async (asking: Asking, rest: Rest, tenant: string): Promise<KnownPrincipals> => {
  const directory = { asking, rest, tenant, list: (path: string, take: Take) => linkedPages(rest, path, take, PAGING) }
  const ownersOf = await readOwners(directory)
  await readApplications(directory, ownersOf)
  const appRoles = await asking.part<unknown>('app-roles', (take) => listAppRoles(directory, take))
  const known = await readPrincipals(directory, ownersOf, appRoles)
  const isExplained = (principal: unknown): boolean => known.are !== 'some' || known.ids.has(principal)
  keepList(
    asking,
    `${tenant}/app-roles`,
    appRoles.filter((each) => isExplained(memberOf(each, 'principalId'))),
  )
  await readGrants(directory, isExplained)
  await readRoles(directory, isExplained)
  await readSignIns(directory)
  return known
}

type OwnersOf = (item: unknown) => unknown

const readOwners = async ({ asking, list }: Directory): Promise<OwnersOf> => {
  const owners = new Map<string, unknown>()
  await asking.part<unknown>('owners', async (take) => {
    for (const kind of ['applications', 'servicePrincipals'])
      await list(`/v1.0/${kind}?${NAMED}&$expand=owners&${PAGE}`, (items) => {
        take(items)
        for (const item of items) owners.set(idOf(item), listIn(item, 'owners').map(ownerOf))
      })
  })
  return (item) => owners.get(idOf(item)) ?? []
}

const readApplications = async ({ asking, list, tenant }: Directory, ownersOf: OwnersOf): Promise<void> => {
  const all = await asking.part<unknown>('applications', (take) =>
    list(`/v1.0/applications?${NAMED},${CREDENTIALS},${OF_APPLICATION}&${PAGE}`, (items) => take(items.map(keyless))),
  )
  keepList(
    asking,
    `${tenant}/applications`,
    all.map((each) => ({ ...fieldsOf(each), owners: ownersOf(each) })),
  )
  const federated = await asking.part<unknown>('federated-credentials', (take) =>
    list(`/v1.0/applications?${NAMED}&$expand=federatedIdentityCredentials&${PAGE}`, (items) =>
      take(items.filter((item) => listIn(item, 'federatedIdentityCredentials').length > 0)),
    ),
  )
  keepList(asking, `${tenant}/federated-credentials`, federated)
}

const readPrincipals = async (
  { asking, list, tenant }: Directory,
  ownersOf: OwnersOf,
  appRoles: readonly unknown[],
): Promise<KnownPrincipals> => {
  const assigned = new Set(appRoles.map((each) => memberOf(each, 'appRoleId')))
  let are: KnownPrincipals['are'] = 'left out'
  const all = await asking.part<unknown>('service-principals', async (take) => {
    are = 'some'
    await list(`/v1.0/servicePrincipals?${NAMED},${CREDENTIALS},${OF_PRINCIPAL}&${PAGE}`, (items) =>
      take(items.map((item) => ({ ...keyless(item), appRoles: rolesIn(item, assigned) }))),
    )
    are = 'all'
  })
  keepList(
    asking,
    `${tenant}/service-principals`,
    all.map((each) => ({ ...fieldsOf(each), owners: ownersOf(each) })),
  )
  return { ids: new Set(all.map(idOf)), are }
}

const readGrants = async ({ asking, list, tenant }: Directory, isExplained: IsExplained): Promise<void> => {
  const grants = await asking.part<string>('grants', (take) =>
    list(`/v1.0/oauth2PermissionGrants?${PAGE}`, (items) => take(items.map(grantText))),
  )
  keepList(
    asking,
    `${tenant}/grants`,
    [...new Set(grants)]
      .map((text): unknown => JSON.parse(text))
      .filter((grant) => isExplained(memberOf(grant, 'clientId'))),
  )
}

const readRoles = async ({ asking, list, tenant }: Directory, isExplained: IsExplained): Promise<void> => {
  const roles = await asking.part<unknown>('directory-roles', async (take) => {
    await list('/v1.0/roleManagement/directory/roleAssignments?$expand=principal', (items) =>
      take(ofMachines(items).filter((each) => isExplained(memberOf(each, 'principalId')))),
    )
    await list('/v1.0/roleManagement/directory/roleDefinitions?$select=id,displayName', (items) =>
      take(items.map((item) => ({ ...only(item, 'id', 'displayName'), rolePermissions: [] }))),
    )
  })
  keepList(asking, `${tenant}/directory-roles`, roles)
}

const readSignIns = async ({ asking, list, tenant }: Directory): Promise<void> => {
  const signIns = await asking.part<unknown>('sign-ins', async (take) => {
    await list('/beta/reports/servicePrincipalSignInActivities', (items) =>
      take(items.map((item) => only(item, 'appId', 'lastSignInActivity'))),
    )
    await list('/beta/reports/appCredentialSignInActivities', (items) =>
      take(items.map((item) => only(item, 'appId', 'keyId', 'signInActivity'))),
    )
  })
  keepList(asking, `${tenant}/sign-ins`, signIns)
}

const CREDENTIALS = 'passwordCredentials,keyCredentials'
const OF_APPLICATION = 'signInAudience,requiredResourceAccess,web,spa,publicClient'
const OF_PRINCIPAL = 'servicePrincipalType,accountEnabled,appOwnerOrganizationId,appRoles'

const idOf = (item: unknown): string => String(memberOf(item, 'id'))

/** Of people no more than whose it is takes. */
const ownerOf = (owner: unknown) => only(owner, 'displayName', 'mail', 'userPrincipalName')

/** Without the bytes of certificates, which nobody here reads. */
const keyless = (item: unknown) => ({
  ...fieldsOf(item),
  keyCredentials: itemsIn(item, 'keyCredentials').map((key) => {
    const { key: _, ...rest } = fieldsOf(key)
    return rest
  }),
})

// Graph alone has six hundred, and each tells what it is called.
const rolesIn = (item: unknown, assigned: ReadonlySet<unknown>): readonly unknown[] =>
  itemsIn(item, 'appRoles')
    .filter((role) => assigned.has(memberOf(role, 'id')))
    .map((role) => only(role, 'id', 'value', 'allowedMemberTypes'))

/** Who agreed is nobody's business here, and a thousand who agreed to one thing are one line. */
const grantText = (grant: unknown): string =>
  JSON.stringify(only(grant, 'clientId', 'consentType', 'resourceId', 'scope'))

const SERVICE_PRINCIPAL = '#microsoft.graph.servicePrincipal'

/** Those of machines, and of whom no more than that. */
const ofMachines = (assignments: readonly unknown[]): readonly unknown[] =>
  assignments
    .filter((each) => memberOf(memberOf(each, 'principal'), '@odata.type') === SERVICE_PRINCIPAL)
    .map((each) => ({
      ...only(each, 'id', 'principalId', 'roleDefinitionId', 'directoryScopeId'),
      principal: { '@odata.type': SERVICE_PRINCIPAL },
    }))

/** Those of each principal, listed with it; of a principal that may have more than are listed so, by themselves. */
const listAppRoles = async ({ list }: Directory, take: Take): Promise<void> => {
  const ofMany: string[] = []
  await list(`/v1.0/servicePrincipals?$select=id&$expand=appRoleAssignments&${PAGE}`, (items) => {
    for (const item of items) {
      const assignments = listIn(item, 'appRoleAssignments')
      if (assignments.length < EXPANDED_MAX) take(assignments)
      else if (ID.test(idOf(item))) ofMany.push(idOf(item))
      else throw new VendorError('its answer has another form than is documented')
    }
  })
  const ask: AskOne = (id, takeOne) => list(`/v1.0/servicePrincipals/${id}/appRoleAssignments?${PAGE}`, takeOne)
  await listEach(ofMany, { ask }, take)
}
