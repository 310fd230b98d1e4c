import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextState, STATES, type State, type Step } from './state.ts'

const STEPS: readonly Step[] = ['adopt', 'activate', 'quarantine', 'release', 'expire', 'retire']

const ALLOWED: Readonly<Record<string, State>> = {
  'unmanaged adopt': 'requested',
  'requested activate': 'active',
  'requested quarantine': 'quarantined',
  'requested expire': 'disabled',
  'requested retire': 'retired',
  'active quarantine': 'quarantined',
  'active expire': 'disabled',
  'active retire': 'retired',
  'quarantined quarantine': 'quarantined',
  'quarantined release': 'active',
  'quarantined retire': 'retired',
  'disabled activate': 'active',
  'disabled quarantine': 'quarantined',
  'disabled retire': 'retired',
}

test('every step from every state is allowed or refused as the table says', () => {
  for (const state of STATES)
    for (const step of STEPS)
      assert.equal(nextState({ state, stateBefore: 'active' }, step), ALLOWED[`${state} ${step}`], `${state} ${step}`)
})

test('a release restores exactly the state before the quarantine', () => {
  for (const before of ['requested', 'active', 'disabled'] as const)
    assert.equal(nextState({ state: 'quarantined', stateBefore: before }, 'release'), before)
})
