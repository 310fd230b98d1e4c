import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Fact } from '../../source.ts'
import { guidOf } from './guid.ts'

/** Roles that a machine should hardly have, by the id that is the same in every tenant. */
interface KnownRole {
  readonly name: string
  /** Gives nearly everything where it is given, rights to others among it. */
  readonly isBroad: boolean
}

const broad = (name: string): KnownRole => ({ name, isBroad: true })
const plain = (name: string): KnownRole => ({ name, isBroad: false })

/** Built-in roles of Azure resources and of the directory. */
export const KNOWN_ROLES: ReadonlyMap<string, KnownRole> = new Map([
  ['8e3af657-a8ff-443c-a75c-2fe8c4bcb635', broad('Owner')],
  ['b24988ac-6180-42a0-ab88-20f7382dd24c', broad('Contributor')],
  ['18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', broad('User Access Administrator')],
  ['f58310d9-a9f6-439a-9e8d-f62e7b41a168', broad('Role Based Access Control Administrator')],
  ['acdd72a7-3385-48ef-bd42-f606fba81ae7', plain('Reader')],
  ['4633458b-17de-408a-b874-0445c86b69e6', plain('Key Vault Secrets User')],
  ['00482a5a-887f-4fb3-b363-3b7fe8e74483', plain('Key Vault Administrator')],
  ['62e90394-69f5-4237-9190-012177145e10', broad('Global Administrator')],
  ['e8611ab8-c189-46e8-94e1-60213ab1f814', broad('Privileged Role Administrator')],
  ['9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', broad('Application Administrator')],
  ['158c047a-c907-4556-b7ef-446551a6b5f7', broad('Cloud Application Administrator')],
  ['7be44c8a-adaf-4e2a-84d6-ab2649e08a13', broad('Privileged Authentication Administrator')],
  ['fe930be7-5e62-47db-91af-98c3a49a38b1', plain('User Administrator')],
])

/** Application permissions of Microsoft Graph that reach the whole tenant, by the id of the app role. */
export const WIDE_APP_ROLES: ReadonlyMap<string, string> = new Map([
  ['9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', 'RoleManagement.ReadWrite.Directory'],
  ['06b708a9-e830-4db3-a914-8e69da51d44f', 'AppRoleAssignment.ReadWrite.All'],
  ['1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9', 'Application.ReadWrite.All'],
  ['19dbc75e-c2e2-444c-a770-ec69d8559fc7', 'Directory.ReadWrite.All'],
  ['62a82d76-70ea-41e2-9197-370581804d09', 'Group.ReadWrite.All'],
  ['741f803b-c850-494e-b5df-cde7c675a1ca', 'User.ReadWrite.All'],
  ['e2a3a72e-5f79-4c64-b1b1-878b674786c9', 'Mail.ReadWrite'],
  ['75359482-378d-4052-8f01-80520e7db3cd', 'Files.ReadWrite.All'],
  ['a82116e5-55eb-4c41-a434-62fe8a61c773', 'Sites.FullControl.All'],
])

/** What a role is called and how much it gives, from wherever it is defined: Azure, the directory, or an application. */
export const roleFact = (record: ExportRecord, file: ScannedFile): Fact | undefined => {
  const isRole = record.has('roleName') || record.has('rolePermissions')
  const isListed = record.has('permissions') && record.has('id')
  const isAppRole = record.has('allowedMemberTypes') && record.has('value')
  if (!isRole && !isListed && !isAppRole) return undefined
  const role = guidOf(record.text('id') || (record.parent?.text('id') ?? ''))
  const name = isAppRole ? record.text('value') : record.text('roleName', 'displayName', 'name')
  if (role === '' || name === '') return undefined
  const actions = record.children('permissions').flatMap((one) => one.texts('actions'))
  const dataActions = record.children('permissions').flatMap((one) => one.texts('dataActions'))
  // Those of Azure are known by their ids: some of them give rights to others on conditions that no list tells.
  const isCustom = /^customrole$/i.test(record.text('roleType', 'type'))
  return {
    type: 'role',
    where: file.at(record.line),
    fields: {
      role,
      name,
      isBroad: isCustom && actions.some((action) => BROAD.test(action)) ? 'yes' : '',
      isRead: actions.length > 0 && [...actions, ...dataActions].every((action) => READ.test(action)) ? 'yes' : '',
    },
  }
}

// Everything, or to give rights.
const BROAD = /^(?:\*|microsoft\.authorization\/(?:\*|roleassignments\/(?:\*|write)))$/i
const READ = /\/read$/i
