// The name of a source, leading to its page where there is one.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { hasPage } from '../frame/pages.ts';

export type SourceLinkProps = { source: string; className?: string; children: ReactNode };

export function SourceLink({ source, className = '', children }: SourceLinkProps): ReactNode {
  if (!hasPage('/sources/$source')) return <span className={className}>{children}</span>;
  return (
    <Link
      to={`/sources/${encodeURIComponent(source)}`}
      className={`hover:text-accent hover:underline ${className}`}
    >
      {children}
    </Link>
  );
}
