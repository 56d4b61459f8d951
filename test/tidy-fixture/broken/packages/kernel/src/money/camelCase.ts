// Named as a variable.
export const camel = 1;
