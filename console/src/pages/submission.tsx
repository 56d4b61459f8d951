// Submission.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function SubmissionPage(): ReactNode {
  return <Page title="Submission">{null}</Page>;
}
