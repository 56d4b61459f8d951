// Where a rule may be broken, and why. An exception that nothing needs any more is itself a finding.

export type Exception = { rule: string; file: string; reason: string };

export const EXCEPTIONS: readonly Exception[] = [];
