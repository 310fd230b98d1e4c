import { onEveryBroker, setUpOrders, type TestBroker } from './broker.ts'
import { type ForeignIssuer, openIssuer } from './fakes/foreign-issuer.ts'

/** Registers the test on each engine, with another issuer beside the broker and a CI job that may get at orders. */
export const onEveryIssuer = (name: string, body: (test: TestBroker, issuer: ForeignIssuer) => Promise<void>): void =>
  onEveryBroker(name, async (test) => {
    const issuer = await openIssuer(test.room.clock.now)
    try {
      setUpOrders(test)
      test.subjects.put('nhi_sync', { kind: 'ci-job' })
      await body(test, issuer)
    } finally {
      issuer.close()
    }
  })
