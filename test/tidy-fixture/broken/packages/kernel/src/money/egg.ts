// One half of a circle.
import { hen } from './hen.ts';

export const egg = () => hen;
