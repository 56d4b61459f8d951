// A folder without a level.
export const rumour = 1;
