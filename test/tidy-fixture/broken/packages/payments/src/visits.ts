// Reaches across.
import type { Answer } from '@assay/oracle/model/answer';

export type Seen = Answer;
