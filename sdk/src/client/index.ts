export { type CallOptions, type Client, type ClientOptions, createClient, type OperationName } from './client.ts'
export type { OperationTypes } from './operation-types.gen.ts'
export { OPERATIONS } from './operations.gen.ts'
export { ReeveError } from './reeve-error.ts'
