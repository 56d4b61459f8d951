// In a drawer.
export const money = 1;
