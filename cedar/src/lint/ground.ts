import { type EntityUid, uidText } from '../entity-uid.ts'

/** What there is for policies to speak of, as far as it is known. */
export interface LintGround {
  /** Every action that there is, with all the groups that it is in. */
  readonly actions: readonly KnownAction[]
  /** Types of which every entity, and every group that such an entity may be in, is known: their names. */
  readonly known: ReadonlyMap<string, ReadonlySet<string>>
  /** Facts of the context that are always the same, as policies would write what they are. */
  readonly always?: ReadonlyMap<string, string>
}

/** An action that there is. */
export interface KnownAction {
  readonly uid: EntityUid
  readonly groups: readonly EntityUid[]
  /**
   * By the types of who may do it: the facts of the context that are ever stated then, and told apart by more than one
   * value; a field of a field as `requested.scopes`. Not there where that is not known.
   */
  readonly stated?: ReadonlyMap<string, ReadonlySet<string>>
}

/** What is stated where one type of principal does one action. */
export interface StatedTo {
  readonly key: string
  readonly uid: EntityUid
  readonly principalType: string
  readonly facts: ReadonlySet<string>
}

/** The same, so that it is quickly asked. */
export interface ReadGround extends LintGround {
  readonly stated: readonly StatedTo[]
  readonly names: readonly { readonly key: string; readonly uid: EntityUid }[]
  /** The groups of an action, itself among them; by names as text. */
  readonly groupsOf: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether there is an action as asked for, by what was asked; only remembers. */
  readonly actionAnswers: Map<string, boolean>
  /** How many pairs of policies may still be compared. */
  readonly pairs: { left: number }
}

/** Prepares what there is. */
export const readGround = (ground: LintGround, pairsMax: number): ReadGround => ({
  ...ground,
  stated: ground.actions.flatMap(({ uid, stated = [] }) =>
    [...stated].map(([principalType, facts]) => ({ key: uidText(uid), uid, principalType, facts })),
  ),
  names: ground.actions.map(({ uid }) => ({ key: uidText(uid), uid })),
  actionAnswers: new Map(),
  pairs: { left: pairsMax },
  groupsOf: new Map(ground.actions.map(({ uid, groups }) => [uidText(uid), new Set([uid, ...groups].map(uidText))])),
})
