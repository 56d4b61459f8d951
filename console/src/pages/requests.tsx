// Requests.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function RequestsPage(): ReactNode {
  return <Page title="Requests">{null}</Page>;
}
