import type { Application } from './application.ts'
import type { Grant } from './grant.ts'
import { linesOf, reachOf } from './reach.ts'
import { isSensitive, type Resource, type Sensitivity } from './resource.ts'

/** The kind of exception that lets an identity that reads what is sensitive write where others read. */
export const SEPARATION = 'read-write-separation'

/** Boundaries from which what is read could be carried out. */
export const OUTSIDE = ['third-party', 'internet'] as const
/** Where what was read would be seen by others. */
export const OPEN: readonly Sensitivity[] = ['public', 'internal']

/** Whether an identity of this boundary is kept from writing while it may read what is sensitive. */
export const isOutside = (boundary: string): boolean => OUTSIDE.some((one) => one === boundary)

/** The types of applications' own things on which what is written is seen by others, as policies name them. */
export const openTypesOf = (applications: readonly Application[]): readonly string[] =>
  applications.flatMap(({ name, resources }) =>
    resources.flatMap(({ type, sensitivity }) => (OPEN.includes(sensitivity) ? [`${name}::${type}`] : [])),
  )

/** Whether a grant lets its identity read what is confidential or regulated. */
export const readsSensitive = (
  grant: Pick<Grant, 'gives'>,
  register: {
    resource(id: string): Resource | undefined
    bundle: Parameters<typeof linesOf>[1]
  },
): boolean =>
  reachOf(linesOf(grant, register.bundle), register.resource).some(
    ({ resource, actions }) => isSensitive(resource.sensitivity) && actions.some(({ effect }) => effect === 'read'),
  )
