export const OPERATIONS: readonly { readonly name: string; readonly summary: string; readonly effect: 'read' | 'write'; readonly input: Readonly<Record<string, unknown>> }[] = []
export interface OperationTypes { 'x.y.z': { input: unknown; output: unknown } }
export interface Namespaces { readonly x: unknown }
