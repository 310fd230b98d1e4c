import { memberOf, type Paging } from '../rest.ts'
import { VendorError } from '../vendor.ts'

/** Lists of Graph and of Resource Manager, which name their next page in the answer. */
export const pagingBy = (next: '@odata.nextLink' | 'nextLink'): Paging => ({
  itemsOf: (value) => memberOf(value, 'value'),
  nextOf: ({ value }) => {
    const link = memberOf(value, next)
    if (link === undefined || link === null || link === '') return undefined
    // What cannot be read is not the end of a list.
    if (typeof link !== 'string') throw new VendorError('its answer has another form than is documented')
    return link
  },
})

/** The fields of an object; none where it is no object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

/** Some fields of an object, and no others. */
export const only = (value: unknown, ...names: readonly string[]): Readonly<Record<string, unknown>> => {
  const fields = fieldsOf(value)
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])))
}

/** The items of a list that an object may have. */
export const itemsIn = (value: unknown, name: string): readonly unknown[] => {
  const list = memberOf(value, name)
  return Array.isArray(list) ? list : []
}

/** The items of a list that an object must have: one that was asked for with it. */
export const listIn = (value: unknown, name: string): readonly unknown[] => {
  const list = memberOf(value, name)
  if (!Array.isArray(list)) throw new VendorError('its answer has another form than is documented')
  return list
}
