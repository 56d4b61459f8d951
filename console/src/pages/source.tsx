// Source.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function SourcePage(): ReactNode {
  return <Page title="Source">{null}</Page>;
}
