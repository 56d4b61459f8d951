// In two seconds: is everything all right, and if not, what, since when, and what to do.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function OverviewPage(): ReactNode {
  return <Page title="Overview">{null}</Page>;
}
