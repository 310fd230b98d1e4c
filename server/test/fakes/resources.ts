import type { Resource } from '../../src/policy/domain/resource.ts'

/** What `policy.resource.create` is told of an ordinary resource with one action that reads. */
export const resourceInput = (name: string) => ({
  name,
  uri: `https://${name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: [{ name: `${name}.read`, effect: 'read' }],
})

/** An ordinary resource as it is stored; what a test does not say of it is as above. */
export const resourceOf = (given: Partial<Resource> & { readonly name: string }): Resource => ({
  id: `res_${given.name}`,
  uri: `https://${given.name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  isCustomerFacing: false,
  actions: [{ name: `${given.name}.read`, effect: 'read' }],
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  servedBy: [],
  owner: null,
  ...given,
})
