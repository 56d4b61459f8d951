// The name of a source, leading to its page where there is one.
import { Link, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export type SourceLinkProps = { source: string; className?: string; children: ReactNode };

export function SourceLink({ source, className = '', children }: SourceLinkProps): ReactNode {
  const hasPage = '/sources/$source' in useRouter().routesByPath;
  if (!hasPage) return <span className={className}>{children}</span>;
  return (
    <Link
      to={`/sources/${encodeURIComponent(source)}`}
      className={`hover:text-accent hover:underline ${className}`}
    >
      {children}
    </Link>
  );
}
