// The other half, by a type only.
import type { egg } from './egg.ts';

export const hen: typeof egg | undefined = undefined;
