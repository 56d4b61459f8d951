// The one source of randomness.
export const random = (): number => Math.random();
