// Plays a venue.
import { now } from '@assay/kernel/time/clock';

export const start = (): number => now();
