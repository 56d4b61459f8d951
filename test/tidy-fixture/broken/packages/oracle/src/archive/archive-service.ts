// Keeps what was said.
// Reads. Answers.
// Writes. History.
export const archive = 1;
