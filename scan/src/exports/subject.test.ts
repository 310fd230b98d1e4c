import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takesPullRequests } from './subject.ts'

const TAKES = [
  "assertion.sub == 'repo:acme/shop:pull_request'",
  "assertion.sub == 'repo:acme/shop:event_name:pull_request'",
  `assertion.sub in ['repo:acme/shop:ref:refs/heads/main', "repo:acme/shop:pull_request"]`,
  "assertion.event_name == 'pull_request' && assertion.repository_id == '1'",
  "assertion.event_name in ['push', 'pull_request']",
  "assertion['event_name'] == 'pull_request'",
  // With the rights of what they are for.
  "assertion.event_name == 'pull_request_target'",
]
const DOES_NOT = [
  "assertion.event_name != 'pull_request'",
  "!(assertion.event_name == 'pull_request') && assertion.repository_id == '1'",
  "assertion.environment == 'pull_request' && assertion.repository_id == '1'",
  "assertion.sub == 'repo:acme/shop:ref:refs/heads/pull_request'",
  "'pull_request' in assertion.labels",
  "assertion.event_name in ['push'] || 'pull_request' == ''",
]

test('a condition lets in pull requests by their subject or their event, and not where it shuts them out', () => {
  for (const condition of TAKES) assert.equal(takesPullRequests(condition), true, condition)
  for (const condition of DOES_NOT) assert.equal(takesPullRequests(condition), false, condition)
})

test('a condition of a mebibyte is read in one pass', () => {
  for (const part of ["'pull_request'", '[', "in ['pull_request',", "== 'repo:a:pull_request '", "!('", 'event_name'])
    assert.equal(takesPullRequests(part.repeat(1_000_000 / part.length)), false, part)
})
