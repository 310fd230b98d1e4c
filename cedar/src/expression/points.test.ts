import assert from 'node:assert/strict'
import { test } from 'node:test'
import { officialOn, parse } from '../../test/official.ts'
import { compilePolicies, type ExactEntity, type ExactRequest, type PolicySet, withExactNumbers } from '../index.ts'

/** Points of the language that chance seldom meets; each is asked of both engines. */
const POINTS = [
  'principal in [principal, 1]',
  'principal in [User::"b", principal, "x"]',
  'principal in []',
  '1 in [principal]',
  'action in [Action::"x"]',
  '(true && 5) == 5',
  '(false || 5) == 5',
  '(principal is User && 5) == 5',
  '(principal is Nobody || 5) == 5',
  '!(false || true && !false)',
  'if 1 then true else true',
  'if true then 1 == 1 else (1 + "a" == 2)',
  'false && 1',
  'true || 1',
  '1 && false',
  '9007199254740991 + 1 == 9007199254740992 && 9007199254740991 + 2 == 9007199254740993',
  '-9007199254740991 - 2 == -9007199254740993',
  '94906267 * 94906267 == 9007199515875289',
  '3037000500 * 3037000500 > 0',
  '-9223372036854775808 * -1 == 0',
  '-(-9223372036854775808) == 0',
  '0 * -1 == 0',
  '"a" like "a*a"',
  '"aa" like "a*a"',
  '"ab" like "a*b*b"',
  '"abab" like "*ab"',
  '"a*" like "a\\*"',
  '"ab" like "a\\*"',
  '"" like ""',
  '"" like "*"',
  '"😀" like "*😀*" && !("😀" like "**a**")',
  '[1, 2, 2] == [2, 1]',
  '[] == [[]]',
  '[1, "1", true] == [true, "1", 1]',
  '[[1], [2, 2]].contains([2])',
  '[{a: 1}, {a: 2}].containsAll([{a: 2}])',
  '[1, 2, 3, 4, 5, 6, 7, 8, 9, "9", [9], {a: 9}].containsAll(["9", [9, 9], {a: 9}, 9])',
  '[1, 2, 3, 4, 5, 6, 7, 8, "9"].contains(9)',
  '[ip("10.0.0.1"), decimal("1.0"), User::"a", 1, 2, 3, 4, 5, 6].containsAny([decimal("1.00"), 7])',
  '[1, 2, 3, 4, 5, 6, 7, 8, ip("::1")].contains(ip("::1/127"))',
  '[].containsAll([]) && ![].containsAny([])',
  '[1].isEmpty() || [].isEmpty()',
  '{a: 1, b: 2} == {b: 2, a: 1}',
  '{a: 1} == {a: 1, b: 2}',
  '{a: {b: 1}}.a.b == 1',
  '{a: {b: 1}} has a.b && !({a: {b: 1}} has a.c)',
  '{a: 1} has a.b',
  '{"__proto__": 1} has "__proto__" && {"__proto__": 1}["__proto__"] == 1',
  '{a: 1} has constructor || {a: 1} has toString',
  'principal has nothing',
  'User::"nobody" has a',
  'User::"nobody".a == 1',
  'User::"nobody".hasTag("a")',
  'User::"nobody".getTag("a") == 1',
  'User::"nobody" in User::"nobody"',
  'principal.hasTag(1)',
  'User::"nobody".hasTag(1)',
  'ip("10.0.0.1/24") == ip("10.0.0.2/24")',
  'ip("10.0.0.1") == ip("10.0.0.1/32")',
  'ip("10.0.0.1") == decimal("1.0")',
  'ip("10.0.0.1") < ip("10.0.0.2")',
  'decimal("1.0") < decimal("2.0")',
  'datetime("2024-01-01") < datetime("2024-01-01T00:00:00.001Z")',
  'datetime("2024-01-01") < duration("1d")',
  'duration("-1ms").toDays() == 0 && duration("-25h").toDays() == -1',
  'datetime("1969-12-31T23:59:59Z").toTime() == duration("86399s")',
  'datetime("1969-12-31T23:59:59Z").toDate() == datetime("1969-12-31")',
  'datetime("1970-01-01").offset(duration("-9223372036854775808ms")).toDate() == datetime("1970-01-01")',
  'datetime("1970-01-01").offset(duration("9223372036854775807ms")).offset(duration("1ms")) == datetime("1970-01-01")',
  'ip(1) == ip(1)',
  'ip("10.0.0.1").isInRange("10.0.0.0/8")',
  'principal is User in User::"c" || principal is Doc in 1',
  '1 is User',
  'principal is Nobody in (1 + "a")',
  'principal.a == 1 && principal.s == "x" && principal["x y"]',
  'principal.boss.boss.a == 1',
  'context == {} || context has n',
  'principal == "User::\\"a\\""',
  '1 == true || "1" == 1',
  '1 != true',
  '1 < true',
] as const

const user = { type: 'User', id: 'a' }
const entities: ExactEntity[] = [
  {
    uid: user,
    attrs: { a: 1, s: 'x', 'x y': true, boss: { __entity: { type: 'User', id: 'b' } } },
    parents: [{ type: 'User', id: 'b' }],
    tags: { a: 1 },
  },
  { uid: { type: 'User', id: 'b' }, attrs: { boss: { __entity: user } }, parents: [{ type: 'User', id: 'c' }] },
]
const requests = [1, 2n ** 62n].map(
  (n): ExactRequest => ({
    principal: user,
    action: { type: 'Action', id: 'x' },
    resource: { type: 'User', id: 'b' },
    context: { n },
    entities,
  }),
)

for (const point of POINTS)
  test(`as the official engine has it: ${point}`, () => {
    const text = `permit (principal, action, resource) when { ${point} };`
    const compiled = compilePolicies([{ id: 'p', est: withExactNumbers(text, parse) }])
    assert.ok(compiled.ok, JSON.stringify(compiled))
    const set: PolicySet = compiled.policies
    const official = officialOn([{ id: 'p', text }])
    for (const request of requests) {
      const { decision, policies, errors } = set.decide(request)
      const ours = { decision, policies, errors: errors.map((error) => error.policy) }
      assert.deepEqual(ours, official(request), JSON.stringify(errors))
    }
  })
