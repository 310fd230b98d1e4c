export { type CallOptions, type Client, type ClientOptions, createClient, type OperationName } from './client.ts'
export { OPERATIONS, type OperationTypes } from './operations.gen.ts'
export { ReeveError } from './reeve-error.ts'
