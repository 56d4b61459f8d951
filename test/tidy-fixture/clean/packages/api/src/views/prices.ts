// Shows answers.
import type { Answer } from '@assay/oracle/model/answer';
import { z } from 'zod';

export const shown = (answer: Answer): unknown => z.string(answer.process);
export const metrics = (m: { counter(o: object): void }): void =>
  m.counter({ name: 'oracle_answers_total', help: 'Answers shown.', labels: ['feed'] });
