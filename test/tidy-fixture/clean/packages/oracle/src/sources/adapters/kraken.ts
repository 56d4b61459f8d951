// A venue.
import type { Answer } from '../../model/answer.ts';

const symbol = (answer: Answer) => answer.process;
export default { symbol, examples: [] };
