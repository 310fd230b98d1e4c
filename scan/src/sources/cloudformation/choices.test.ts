import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { cloudformationSource } from './source.ts'

const traitsIn = (properties: string): string[] =>
  readSource(
    cloudformationSource,
    `AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n${properties}`,
    'a.yaml',
  ).sightings.flatMap(({ traits }) => traits.map(({ trait }) => trait))

const TRUST = '{Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ec2.amazonaws.com}}]}'
const ALL = '{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}'

test('what a template gives under a condition counts, in either form, and its condition is nobody', () => {
  for (const policies of [
    `[!If [Wide, ${ALL}, !Ref AWS::NoValue]]`,
    `[{"Fn::If": [Wide, {Ref: AWS::NoValue}, ${ALL}]}]`,
    `!If [Wide, [], [${ALL}]]`,
  ])
    assert.ok(
      traitsIn(`      AssumeRolePolicyDocument: ${TRUST}\n      Policies: ${policies}\n`).includes('aws:admin'),
      policies,
    )
  assert.deepEqual(
    traitsIn(
      '      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: sts:AssumeRole, ' +
        'Principal: {Service: !If [Wide, ec2.amazonaws.com, lambda.amazonaws.com]}}]}\n',
    ),
    [],
  )
})
