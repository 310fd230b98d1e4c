import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { cloudformationSource } from './source.ts'

const RESOURCES = 'Resources:\n  Q:\n    Type: AWS::SQS::Queue\n'
const found = (parameter: string, resources = RESOURCES): string[] =>
  readSource(
    cloudformationSource,
    `AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  P: ${parameter}\n${resources}`,
    'a.yaml',
  ).sightings.flatMap(({ traits }) => traits.map(({ trait, detail }) => `${trait} ${detail}`))

test('a parameter that is not shown but has its value in the template is told', () => {
  assert.deepEqual(found('{Type: String, NoEcho: true, Default: q7Rt2xLp9Wz4}'), [
    'secret-in-settings Default of the parameter P',
  ])
  assert.deepEqual(found('{Type: String, NoEcho: "true", Default: postgres}'), [
    'guessable-password Default of the parameter P',
  ])
})

test('a parameter without a value, with a stand-in, a reference, or one that anybody sees is not', () => {
  for (const parameter of [
    '{Type: String, NoEcho: true}',
    '{Type: String, NoEcho: true, Default: ""}',
    '{Type: String, NoEcho: true, Default: "<your-password>"}',
    '{Type: String, NoEcho: true, Default: "{{resolve:ssm-secure:x:1}}"}',
    '{Type: "AWS::SSM::Parameter::Value<String>", NoEcho: true, Default: /app/password1}',
    '{Type: String, NoEcho: false, Default: q7Rt2xLp9Wz4}',
    '{Type: String, Default: q7Rt2xLp9Wz4}',
  ])
    assert.deepEqual(found(parameter), [], parameter)
})

test('a value that is told where it is used is told once', () => {
  const used =
    'Resources:\n  D:\n    Type: AWS::RDS::DBInstance\n    Properties: {MasterUsername: app, MasterUserPassword: !Ref P}\n'
  assert.deepEqual(found('{Type: String, NoEcho: true, Default: q7Rt2xLp9Wz4}', used), [
    'secret-in-settings MasterUserPassword of D',
  ])
})
