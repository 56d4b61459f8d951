// Submissions.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function SubmissionsPage(): ReactNode {
  return <Page title="Submissions">{null}</Page>;
}
