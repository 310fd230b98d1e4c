import assert from 'node:assert/strict'
import { everyOperation } from '../../src/catalogue.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { onEveryServer } from '../process.ts'
import { eventsByRequest } from './audit.ts'
import { NAMED_FIELDS } from './named-fields.ts'
import { fittingText, sampleInput } from './sample-input.ts'
import { callOperation } from './surface.ts'
import { makeTwoTeams, type Side } from './two-teams.ts'

// U2 of the trust bars, of what is read: the record says what that was. The operations are the server's own.

const READS = everyOperation().filter(({ effect, isList }) => effect === 'read' && !isList)

onEveryServer('the record of a read says what was read, whoever owns it', async ({ server, admin }, t) => {
  const { mine } = await makeTwoTeams(server, admin)
  const { policy } = admin.client(server)
  const matrix = [{ resource: mine.workload.audience, actions: [`${mine.word}.read`] }]
  const bundle = await policy.bundle.create({ name: 'readers', purpose: 'reads what is mine', matrix })
  const asked: { operation: Operation; named: readonly string[]; requestId: string }[] = []
  for (const operation of READS) {
    const names: string[] = []
    const required = sampleInput(
      operation,
      (field, schema) => {
        const named = namedBy(operation, field, mine, bundle.id)
        if (named !== undefined) names.push(named)
        return named ?? fittingText(schema)
      },
      true,
    )
    const optional = operation.name === 'observe.event.show' ? { event: mine.named.event[0] } : {}
    const input = { ...Object(required), ...optional }
    const named = [...names, ...Object.values(optional).map(String)]
    if (named.length === 0) continue
    const { status, body, requestId } = await callOperation(server, operation, input, { token: admin.token })
    assert.equal(status, 200, `${operation.name}: ${body}`)
    asked.push({ operation, named, requestId })
  }
  const events = await eventsByRequest(server, admin)
  const silent = asked.filter(({ named, requestId }) => {
    const [event] = events.get(requestId) ?? []
    const told = JSON.stringify([event?.on, event?.evidence])
    return !named.every((name) => told.includes(`"${name}"`))
  })
  assert.deepEqual(
    silent.map(({ operation }) => operation.name),
    [],
  )
  t.diagnostic(`U2: ${asked.length} reads of something by its name`)
})

const namedBy = (operation: Operation, field: string, mine: Side, bundle: string): string | undefined => {
  if (field === 'bundle') return bundle
  // Of what may be asked why, a decision: its record is on a team.
  const kind = operation.name === 'observe.why.show' ? 'decision' : NAMED_FIELDS[field]?.[0]
  return kind === undefined ? undefined : mine.named[kind][0]
}
