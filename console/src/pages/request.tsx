// Request.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function RequestPage(): ReactNode {
  return <Page title="Request">{null}</Page>;
}
