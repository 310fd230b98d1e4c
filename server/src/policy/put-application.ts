import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import { type Application, applicationProblem, regradedIn } from './domain/application.ts'
import { policyFault } from './faults.ts'
import { newlyPermittedIn, type Permits } from './permits-on.ts'
import type { PutGiven } from './put-bundle.ts'
import type { PolicyPorts } from './room.ts'
import type { ApplicationInput } from './shapes-application.ts'
import { findApplication, removeApplication, putApplication as store } from './store-application.ts'
import { textNeeds } from './text-reach.ts'
import { changesBetween } from './views.ts'

/** What happened to an application. */
export interface PutApplication {
  readonly application: Application
  readonly verb: 'created' | 'changed' | 'unchanged'
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
}

/** The application that is declared, before it is known which identities its names stand for. */
export const declaredApplication = (input: ApplicationInput, id: string, directory: string | null): Application => {
  const application = { ...input, id, directory }
  const problem = applicationProblem(application)
  if (problem !== undefined) throw policyFault('application_invalid', { about: problem })
  return application
}

/** Makes an application, or makes the one that is there as declared. */
export const putApplication = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: ApplicationInput,
  given: Pick<PutGiven, 'now' | 'need' | 'newId'> & {
    readonly directory: string | null
    readonly permits: Permits
  },
): Promise<PutApplication> => {
  const before = await findApplication(tx, input.name)
  const declared = declaredApplication(input, before?.id ?? given.newId('app'), given.directory)
  const askedBy: string[] = []
  for (const name of declared.askedBy) {
    const identity = await ports.identities.find(tx, name)
    if (identity === undefined) throw policyFault('grant_identity', { about: name })
    askedBy.push(identity.id)
  }
  const environment = ports.environments.normal(declared.environment)
  const application = { ...declared, environment, askedBy: askedBy.sort() }
  const change = changesBetween(before && { ...before }, { ...application })
  if (before !== undefined) needRegraded(before, application, given)
  if (change.length > 0) {
    const permitted = await newlyPermittedIn(given.permits, before, application)
    if (permitted !== undefined) given.need(textNeeds(permitted))
    await store(tx, application, given.now)
  }
  const verb = before === undefined ? 'created' : change.length > 0 ? 'changed' : 'unchanged'
  return { application, verb, change, signals: change.length > 0 ? [{ topic: 'policy', key: '*' }] : [] }
}

/** Ends one that its directory does not declare any more. */
export const endApplication = async (
  tx: AnyTx,
  application: Application,
  given: Pick<PutGiven, 'need'>,
): Promise<void> => {
  needRegraded(application, undefined, given)
  await removeApplication(tx, application.name)
}

const needRegraded = (before: Application, after: Application | undefined, { need }: Pick<PutGiven, 'need'>): void => {
  const regraded = regradedIn(before, after)
  // Applications belong to no team: it is security's word that counts.
  if (regraded !== undefined) need({ need: 'one', teams: [null], why: [regraded] })
}
