import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCases, judgeCases } from '../../../test/labelled-cases.ts'

const skip = hasCases ? false : 'the labelled cases are not beside this repository'

test('at least 95% of the labelled secrets are found, and at least 95% of what is found is labelled', { skip }, (t) => {
  const { cases, labels, recall, precision, strictPrecision, missed, wrong } = judgeCases()
  t.diagnostic(`cases ${cases}, labels ${labels}, recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`)
  t.diagnostic(`strict precision, unlabelled kinds counted as wrong: ${strictPrecision.toFixed(3)}`)
  for (const place of missed) t.diagnostic(`missed ${place}`)
  for (const place of wrong) t.diagnostic(`not labelled ${place}`)
  assert.ok(labels >= 100, 'the labels were read')
  assert.ok(recall >= 0.95, `recall ${recall}`)
  assert.ok(precision >= 0.95, `precision ${precision}`)
})
