// The one clock.
export const now = (): number => Date.now();
export const after = (ms: number, task: () => void): unknown => setTimeout(task, ms);
