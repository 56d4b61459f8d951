// Every feed as one row.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function FeedsPage(): ReactNode {
  return <Page title="Feeds">{null}</Page>;
}
