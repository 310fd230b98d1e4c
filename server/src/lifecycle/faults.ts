import { faultTable } from '../kit/fault.ts'

/** What a caller of lifecycle can cause. */
export const { table: lifecycleFaults, fault } = faultTable({
  session_invalid: {
    kind: 'unauthenticated',
    message: 'this is not a session of this server',
    fix: 'run `reeve login` for a new session',
  },
  session_expired: {
    kind: 'unauthenticated',
    message: 'this session has expired',
    fix: 'run `reeve login` for a new session',
  },
  session_ended: {
    kind: 'unauthenticated',
    message: 'this session was ended',
    fix: 'run `reeve login` for a new session; if you did not end it, ask an admin who did',
  },
  login_client_unknown: {
    kind: 'unauthenticated',
    message: 'only the command line logs a person in here',
    fix: 'send client_id=reeve-cli and no other proof, scope or resource; a non-human identity proves itself and asks for a token',
  },
  login_scope_unsupported: {
    kind: 'invalid',
    message: 'a login gives a session of a person, which has no scope and no resource',
    fix: 'leave scope, resource, audience and authorization_details out; narrow a session with `reeve login --directory`',
  },
  login_pending: {
    kind: 'conflict',
    message: 'nobody has decided on this login yet',
    fix: 'ask again after as many seconds as the interval says',
  },
  login_asked_too_soon: {
    kind: 'conflict',
    message: 'this login was asked for too soon after the last time',
    fix: 'wait five seconds longer between two questions from now on',
  },
  login_expired: {
    kind: 'denied',
    message: 'nobody approved this login in time',
    fix: 'run `reeve login --device` for a new code',
  },
  login_refused: {
    kind: 'denied',
    message: 'this login was refused',
    fix: 'ask whoever has your session; if nobody of yours refused it, begin a new one with `reeve login --device`',
  },
  login_code_invalid: {
    kind: 'denied',
    message: 'this is not the code of a login that may still open a session',
    fix: 'a login opens one session; run `reeve login --device` for a new one',
  },
  login_by_login: {
    kind: 'denied',
    message: 'a session that another one approved cannot approve a login',
    fix: 'approve it where you logged in with a one-time code and hold a device key',
  },
  person_assertion_invalid: {
    kind: 'unauthenticated',
    message: 'the assertion does not prove who you are',
    fix: 'sign a fresh one with the key of your device, for this server as audience, valid for at most 60 seconds',
  },
  person_assertion_replayed: {
    kind: 'unauthenticated',
    message: 'this assertion was used before',
    fix: 'sign a fresh one with another jti; each opens one session',
  },
  enrolment_code_invalid: {
    kind: 'denied',
    message: 'this is not an enrolment code that may be used',
    fix: 'check that you copied all of it; a code is void when a newer one was printed or its inviter was removed, and one for an approver or admin as soon as there are two of them',
  },
  enrolment_code_expired: {
    kind: 'denied',
    message: 'this enrolment code has expired',
    fix: 'ask an admin for a new invitation; for the first admin, restart the server, which prints a new code',
  },
  enrolment_code_used: {
    kind: 'denied',
    message: 'this enrolment code was used before',
    fix: 'ask an admin for a new invitation; if it was not you who used it, tell them so at once',
  },
  device_key_invalid: {
    kind: 'invalid',
    message: 'the key is not a public key on P-256 or Ed25519',
    fix: 'send the public JWK of a key made with `reeve login`, without its private part',
  },
  device_key_taken: {
    kind: 'conflict',
    message: 'this key is enrolled already',
    fix: 'make another key pair; each device has its own',
  },
  email_taken: {
    kind: 'conflict',
    message: 'a person with this address is enrolled already',
    fix: 'use another address, or ask an admin to remove the other person first',
  },
  person_removed: {
    kind: 'conflict',
    message: 'this person was removed',
    fix: 'invite the person again',
  },
  team_unknown: {
    kind: 'not_found',
    message: 'there is no such team',
    fix: 'list the teams and use the id or the name of one',
  },
  role_beyond_yours: {
    kind: 'denied',
    message: 'you cannot give or take a role that reaches beyond your own',
    fix: 'an admin of a team gives roles in that team; ask an admin of everything for the rest',
  },
  last_admin: {
    kind: 'conflict',
    message: 'this would leave no admin',
    fix: 'make somebody else an admin of everything first',
  },
  last_decider: {
    kind: 'conflict',
    message: 'this would leave nobody who could approve the next change of an approver or admin',
    fix: 'make somebody else an approver or admin of everything first',
  },
  second_decider_first: {
    kind: 'conflict',
    message: 'there is no second approver or admin of everything yet, who would have to agree to one of a team',
    fix: 'give another person the role approver or admin without a team first',
  },
  role_after_enrolment: {
    kind: 'conflict',
    message: 'an invitation cannot make an approver or admin, because another person must agree to whom it makes one',
    fix: 'invite the person with another role, such as viewer; when they are here, give them the role with `reeve person change PERSON --roles … --ask-approval WHY`',
  },
  approval_required: {
    kind: 'denied',
    message: 'this needs an approval',
    fix: 'request one with `reeve request`, have it approved, then repeat the call with its id as `approval`',
  },
  approval_expired: {
    kind: 'denied',
    message: 'this approval has expired',
    fix: 'request a new one with `reeve request`',
  },
  approval_mismatch: {
    kind: 'denied',
    message: 'this approval is of something else',
    fix: 'repeat exactly the call that was approved, as the one who requested it; for another call request another approval',
  },
  approval_outgrown: {
    kind: 'denied',
    message: 'this needs more than was approved, because something changed since it was asked for',
    fix: 'request a new approval; it is asked of everybody who must approve it now',
  },
  approval_not_needed: {
    kind: 'conflict',
    message: 'this call needs no approval',
    fix: 'make the call itself, without `approval`',
  },
  approval_used: {
    kind: 'denied',
    message: 'this approval was used before',
    fix: 'an approval is good for one call; request a new one with `reeve request`',
  },
  approval_decided: {
    kind: 'conflict',
    message: 'this request is decided',
    fix: 'look at it with `reeve approval show`',
  },
  approval_voted: {
    kind: 'conflict',
    message: 'you have had your say on this request',
    fix: 'another person must decide as well',
  },
  approver_is_requester: {
    kind: 'denied',
    message: 'nobody approves their own request',
    fix: 'ask another approver',
  },
  not_an_approver: {
    kind: 'denied',
    message: 'you are not an approver of what this is about',
    fix: 'ask an approver of the owning team, or one of everything',
  },
  expiry_out_of_range: {
    kind: 'invalid',
    message: 'the expiry is not in the range that is allowed',
    fix: 'give a moment in the future, within the bound that the reference names for this operation',
  },
  exception_ended: {
    kind: 'conflict',
    message: 'this exception is over',
    fix: 'nothing is left to end; create another one if it is needed again',
  },
})
