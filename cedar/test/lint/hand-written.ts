import type { LintName } from '../../src/index.ts'
import type { Labelled } from './corpus.ts'

const of = (lint: LintName, isWrong: boolean, ...texts: string[]): Labelled => ({ lint, isWrong, texts })
const READ = 'action == Action::"orders.read"'
const BOT = 'principal.kind == "bot"'

/** What people write: the label is a judgement on what the policy says. Some are beyond what the lints can see. */
export const HAND_WRITTEN: readonly Labelled[] = [
  of('never-matching', true, 'permit (principal, action == Action::"orders.raed", resource);'),
  of('never-matching', true, 'permit (principal, action, resource in Resource::"ordres-api");'),
  of(
    'never-matching',
    true,
    `permit (principal == Identity::"a", ${READ}, resource) when { principal == Identity::"b" };`,
  ),
  of('never-matching', true, `permit (principal is Identity, ${READ}, resource) when { principal is Person };`),
  of('never-matching', true, `forbid (principal, ${READ}, resource) unless { true };`),
  of('never-matching', true, `permit (principal, ${READ}, resource) when { action in Action::"access:write" };`),
  of(
    'never-matching',
    true,
    `permit (principal, ${READ}, resource) when { context.now < datetime("2026-01-01") && context.now > datetime("2026-02-01") };`,
  ),
  of(
    'never-matching',
    true,
    `permit (principal, ${READ}, resource) when { context.for <= duration("1h") && context.for > duration("60m") };`,
  ),
  of('never-matching', true, `permit (principal, ${READ}, resource) when { [].contains(principal.kind) };`),
  of('never-matching', true, `permit (principal, ${READ}, resource) when { context.age > 3 && context.age < 4 };`),
  of('never-matching', true, `permit (principal, ${READ}, resource) when { context.age * 0 == 1 };`),
  of('never-matching', false, `permit (principal, ${READ}, resource) when { context.age > 3 && context.age < 5 };`),
  of(
    'never-matching',
    false,
    `permit (principal, ${READ}, resource) when { context.now >= datetime("2026-01-01") && context.now < datetime("2026-02-01") };`,
  ),
  of('never-matching', false, `permit (principal in Team::"x", ${READ}, resource) when { principal in Team::"y" };`),
  of(
    'never-matching',
    false,
    `permit (principal, ${READ}, resource) when { principal.tags.contains("a") && principal.tags.contains("b") };`,
  ),
  of(
    'never-matching',
    false,
    `permit (principal, ${READ}, resource) when { principal.name like "*-sync" && principal.name like "orders-*" };`,
  ),
  of(
    'never-matching',
    false,
    `permit (principal, action in [Action::"orders.read", Action::"orders.raed"], resource);`,
  ),
  of(
    'never-matching',
    false,
    `permit (principal, ${READ}, resource) when { ip(context.a) == ip("10.0.0.1") && ip(context.a) == ip("10.0.0.1/32") };`,
  ),
  of('shadowed', true, `permit (principal, action, resource);`, `permit (principal, ${READ}, resource);`),
  of('shadowed', true, `permit (principal, ${READ}, resource);`, `permit (principal, ${READ}, resource);`),
  of(
    'shadowed',
    true,
    `permit (principal, action in Action::"access:read", resource);`,
    `permit (principal, ${READ}, resource);`,
  ),
  of(
    'shadowed',
    true,
    `permit (principal, ${READ}, resource) when { principal.name like "a*" };`,
    `permit (principal, ${READ}, resource) when { principal.name == "abc" };`,
  ),
  of(
    'shadowed',
    true,
    `permit (principal, ${READ}, resource) when { context.age < 100 };`,
    `permit (principal, ${READ}, resource) when { context.age < 10 };`,
  ),
  of(
    'shadowed',
    true,
    `permit (principal, ${READ}, resource) when { ["bot", "agent"].contains(principal.kind) };`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of(
    'shadowed',
    true,
    `permit (principal in Team::"x", ${READ}, resource);`,
    `permit (principal in Team::"x", ${READ}, resource in Resource::"orders-api");`,
  ),
  of(
    'shadowed',
    true,
    `permit (principal, ${READ}, resource) when { context.age + 1 < 10 };`,
    `permit (principal, ${READ}, resource) when { context.age + 1 < 9 };`,
  ),
  of(
    'shadowed',
    false,
    `permit (principal, ${READ}, resource) when { principal.name == "abc" };`,
    `permit (principal, ${READ}, resource) when { principal.name like "a*" };`,
  ),
  of(
    'shadowed',
    false,
    `permit (principal, ${READ}, resource) unless { ${BOT} };`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of('shadowed', false, `forbid (principal, ${READ}, resource);`, `permit (principal, ${READ}, resource);`),
  of(
    'shadowed',
    false,
    `permit (principal in Team::"x", ${READ}, resource);`,
    `permit (principal in Team::"y", ${READ}, resource);`,
  ),
  of(
    'shadowed',
    false,
    `permit (principal, ${READ}, resource) when { context.age < 10 };`,
    `permit (principal, ${READ}, resource) when { context.age <= 10 };`,
  ),
  of('contradictory', true, `forbid (principal, action, resource);`, `permit (principal, ${READ}, resource);`),
  of(
    'contradictory',
    true,
    `forbid (principal, action, resource) unless { principal.kind == "service" };`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of(
    'contradictory',
    true,
    `forbid (principal, action in Action::"access:read", resource);`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of(
    'contradictory',
    true,
    `forbid (principal is Identity, action, resource in Resource::"orders-api");`,
    `permit (principal == Identity::"a", ${READ}, resource == Resource::"orders-api");`,
  ),
  of(
    'contradictory',
    false,
    `forbid (principal, action, resource) when { context.age > 10 };`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of(
    'contradictory',
    false,
    `forbid (principal, action, resource) unless { ${BOT} };`,
    `permit (principal, ${READ}, resource) when { ${BOT} };`,
  ),
  of('contradictory', false, `permit (principal, action, resource);`, `permit (principal, ${READ}, resource);`),
  of('over-broad', true, `permit (principal, ${READ}, resource);`),
  of('over-broad', true, `permit (principal is Identity, ${READ}, resource in Resource::"orders-api");`),
  of('over-broad', true, `permit (principal in Team::"x", action in Action::"access:write", resource);`),
  of('over-broad', true, `permit (principal in Team::"x", action, resource is Resource);`),
  of('over-broad', true, `permit (principal, ${READ}, resource) when { principal.name like "*" };`),
  of('over-broad', false, `permit (principal in Team::"x", ${READ}, resource);`),
  of(
    'over-broad',
    false,
    `permit (principal, action in Action::"access:read", resource) when { principal.owner == resource.owner };`,
  ),
  of(
    'over-broad',
    false,
    `permit (principal == Identity::"a", action in Action::"access:read", resource in Resource::"orders-api");`,
  ),
  of('over-broad', false, `permit (principal, ${READ}, resource) when { principal.hasTag("export_ticket") };`),
  of('wildcard', true, `permit (principal == Identity::"a", action, resource);`),
  of('wildcard', true, `permit (principal, ${READ}, resource) when { principal.name like "*" };`),
  of(
    'wildcard',
    true,
    `permit (principal, ${READ}, resource) when { ${BOT} && (principal.name like "**" || context.age < 3) };`,
  ),
  of(
    'wildcard',
    true,
    `permit (principal, action, resource in Resource::"orders-api") unless { action in Action::"access:write" };`,
  ),
  of('wildcard', false, `permit (principal, ${READ}, resource) when { principal.name like "a*" };`),
  of('wildcard', false, `permit (principal, ${READ}, resource) when { principal.name like "\\*" };`),
  of('wildcard', false, `permit (principal in Team::"x", action in Action::"access:read", resource);`),
]
