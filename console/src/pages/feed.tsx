// One feed: its number, why it is that, and what it was.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function FeedPage(): ReactNode {
  return <Page title="Feed">{null}</Page>;
}
