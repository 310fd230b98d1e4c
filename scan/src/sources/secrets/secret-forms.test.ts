import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEAR_MISSES, STANDS_FOR_ONE } from '../../../test/no-secrets.ts'
import { readSource } from '../../../test/read-source.ts'
import { SECRET_FORMS } from '../../../test/secret-forms.ts'
import { secretsSource } from './source.ts'

const foundIn = (path: string, text: string): readonly string[] => readSource(secretsSource, text, path).sealed

// Put together here, so that this file holds none.
const SECRETS = [['q7Rt2xLp9W', 'z4Kd8Vn3bT6yHs'].join(''), ['3f9a0c7be15d8246', '8fd0b7a1c4e95d20'].join('')]

test('a secret is found in whatever form it is written', () => {
  const missed = SECRET_FORMS.flatMap(([path, form]) =>
    SECRETS.filter(
      (secret) =>
        foundIn(
          path,
          form.replaceAll('{v}', () => secret),
        ).join() !== secret,
    ).map((secret) => `${path}: ${form} (${secret.slice(0, 4)})`),
  )
  assert.deepEqual(missed, [])
})

test('what only stands for a secret is none, in whatever form it is written', () => {
  const wrong = SECRET_FORMS.flatMap(([path, form]) =>
    STANDS_FOR_ONE.flatMap((value) => {
      const told = foundIn(
        path,
        form.replaceAll('{v}', () => value),
      )
      return told.length === 0 ? [] : [`${path}: ${form} with ${value}: ${told.join()}`]
    }),
  )
  assert.deepEqual(wrong, [])
})

test('what has a form like that and is no secret is not told', () => {
  const wrong = NEAR_MISSES.flatMap(([path, text]) =>
    foundIn(path, text).map((secret) => `${path}: ${text} tells ${secret}`),
  )
  assert.deepEqual(wrong, [])
})
