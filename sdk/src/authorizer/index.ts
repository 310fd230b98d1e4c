export { type Authorizer, type AuthorizerStatus, createAuthorizer } from './authorizer.ts'
export type { AuthorizerOptions } from './authorizer-options.ts'
export type { Authorization, Question, Thing } from './question.ts'
