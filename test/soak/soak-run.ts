// What every long run is: a function that says whether everything held.

export type SoakOptions = { scale: number; seed: number; flags: Record<string, string> };
export type Soak = (options: SoakOptions) => Promise<boolean>;
