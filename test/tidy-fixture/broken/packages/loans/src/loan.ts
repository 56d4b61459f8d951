// A package without a floor, opened in its own way.
export const loan = 1;
