// A page that reaches into the program.
import { now } from '@assay/kernel/time/clock';

export const Page = (): number => now();
