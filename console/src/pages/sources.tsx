// Sources.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function SourcesPage(): ReactNode {
  return <Page title="Sources">{null}</Page>;
}
