// Environments.
import type { ReactNode } from 'react';
import { Page } from '../show/page.tsx';

export function EnvironmentsPage(): ReactNode {
  return <Page title="Environments">{null}</Page>;
}
