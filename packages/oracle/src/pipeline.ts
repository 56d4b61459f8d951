// The whole flow on one screen: which stage reads what and writes what. Data, so that documents are generated
// from it and the program can say which topics a service needs.
import { ANSWERS_TOPIC } from './model/answer.ts';
import { CHECKS_TOPIC, DECISIONS_TOPIC } from './model/decision.ts';
import { SOURCE_PRICES_TOPIC } from './model/source-price.ts';

export type Stage = { stage: string; reads: readonly string[]; writes: readonly string[] };

export const PIPELINE: readonly Stage[] = [
  { stage: 'sources', reads: [DECISIONS_TOPIC, CHECKS_TOPIC], writes: [SOURCE_PRICES_TOPIC, 'health'] },
  {
    stage: 'aggregation',
    reads: [SOURCE_PRICES_TOPIC],
    writes: [ANSWERS_TOPIC, DECISIONS_TOPIC, CHECKS_TOPIC, SOURCE_PRICES_TOPIC],
  },
  { stage: 'archive', reads: [SOURCE_PRICES_TOPIC, ANSWERS_TOPIC], writes: [] },
];
