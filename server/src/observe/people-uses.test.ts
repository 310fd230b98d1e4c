import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toolOfPeople } from './people-uses.ts'

test('browsers and the tools that people send requests with are told from programs, by what they say they are', () => {
  const people = [
    'Mozilla/5.0 Gecko/20100101 Firefox/142.0',
    'Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
    'PostmanRuntime/7.45.0',
    'insomnia/11.0.1',
    'HTTPie/3.2.4',
  ]
  for (const userAgent of people) assert.ok(toolOfPeople(userAgent) !== undefined, userAgent)
  const programs = [
    ...['curl/8.5.0', 'python-requests/2.32', 'reeve-cli/0.1.0', 'node', 'okhttp/4.12.0', 'Go-http-client/2.0'],
    ...['Mozilla/5.0', 'Mozilla/5.0 AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36', 'Firefox/142.0'],
  ]
  for (const userAgent of programs) assert.equal(toolOfPeople(userAgent), undefined, userAgent)
  assert.equal(toolOfPeople(null), undefined)
})
