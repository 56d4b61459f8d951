// What every bench returns: one row per figure, with what it is measured against in the same run.

export type BenchRow = {
  /** What was measured, in a few words; the same words from run to run. */
  what: string;
  value: number;
  unit: string;
  /** The same work done in another way in the same run: a bare loop, a peer's program. */
  control?: number;
  /** value / control, or the other way round where smaller is better; `what` says which. */
  ratio?: number;
  /** As a text with its comparison: ">= 300000". */
  target?: string;
  /** Whether the target was reached; absent where there is none. */
  met?: boolean;
};

/** The export `run` of a `<name>.bench.ts`. `args` is what follows the name on the command line. */
export type Bench = (args: readonly string[]) => Promise<BenchRow[]> | BenchRow[];
