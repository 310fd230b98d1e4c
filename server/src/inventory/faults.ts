import { faultTable } from '../kit/fault.ts'

/** What can go wrong in inventory through a caller's doing. */
export const { table: inventoryFaults, fault } = faultTable({
  name_taken: {
    kind: 'conflict',
    message: 'this name is taken',
    fix: 'choose another name; the name of a retired identity is not given out again',
  },
  wrong_state: {
    kind: 'conflict',
    message: 'the state it is in does not allow this',
    fix: 'show it first; its state says what may be done next',
  },
  class_below_rights: {
    kind: 'conflict',
    message: 'declared as read-only, but its grants let it write',
    fix: 'declare the blast radius that it has, or end the grant first',
  },
  exceeds_parent: {
    kind: 'conflict',
    message: 'a child may not exceed its parent',
    fix: 'stay within what the parent has: its owner, environment, blast radius and expiry',
  },
  children_capped: {
    kind: 'conflict',
    message: 'the parent has as many children, or ancestors, as one may have',
    fix: 'retire children that are done, or let somebody create an identity of its own',
  },
  parent_not_caller: {
    kind: 'denied',
    message: 'a non-human identity creates children of its own only',
    fix: 'leave the parent out, or ask a person to create it',
  },
  release_not_yours: {
    kind: 'denied',
    message: 'somebody else placed this quarantine',
    fix: 'ask whoever placed it, or an approver or admin of everything, to release it',
  },
  stale_revision: {
    kind: 'conflict',
    message: 'it was changed since this revision',
    fix: 'show it again, and ask for the approval of what it is now',
  },
  field_immutable: {
    kind: 'conflict',
    message: 'this is fixed at creation',
    fix: 'create another identity, move its work, and retire this one',
  },
  identity_expired: {
    kind: 'conflict',
    message: 'its expiry has passed',
    fix: 'set a new expiry first, then activate it',
  },
  sighting_managed: {
    kind: 'conflict',
    message: 'this sighting belongs to an identity already',
    fix: 'list the sightings that are unmanaged',
  },
  scan_ahead: {
    kind: 'invalid',
    message: 'the scan is of a moment that has not come',
    fix: 'set the clock of the machine that scanned',
  },
  sighting_unmanaged: {
    kind: 'conflict',
    message: 'this sighting belongs to no identity',
    fix: 'list the sightings of the identity: reeve sighting list --identity NAME',
  },
  key_taken: {
    kind: 'conflict',
    message: 'this key is of an identity already',
    fix: 'end that alias first, or merge the two identities if they are one',
  },
  alias_ended: {
    kind: 'conflict',
    message: 'this alias has ended already',
    fix: 'list the aliases of the identity',
  },
  merge_refused: {
    kind: 'conflict',
    message: 'these two are not merged',
    fix: 'merge identities of one team and one environment only; link single sightings instead',
  },
  connector_wrong: {
    kind: 'invalid',
    message: 'a connector cannot be so',
    fix: 'see docs/guides/connectors.md for what its vendor takes',
  },
  connector_limit_reached: {
    kind: 'conflict',
    message: 'there are as many connectors as there may be',
    fix: 'remove one that is no longer needed',
  },
})
