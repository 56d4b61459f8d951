// An api that knows a stage, and by a path through the tree.
import { serve } from '@assay/oracle/sources/source-service';
import { now } from '../../../kernel/src/time/clock.ts';

export const served = [serve, now];
