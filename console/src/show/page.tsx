// The frame of a page: its heading with what belongs beside it, and sections with headings of their own.
import { type ReactNode, useEffect } from 'react';

export type PageProps = {
  title: string;
  /** Beside the heading: a state, a count. */
  beside?: ReactNode;
  /** At the right edge: buttons. */
  actions?: ReactNode;
  children: ReactNode;
};

export function Page({ title, beside, actions, children }: PageProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Assay`;
  }, [title]);
  return (
    <div className="mx-auto flex w-full max-w-[1600px] flex-col gap-5 px-3 py-4 sm:px-5">
      <header className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="font-semibold text-figure">{title}</h1>
        {beside}
        {actions !== undefined && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export type SectionProps = { title: string; beside?: ReactNode; actions?: ReactNode; children: ReactNode };

export function Section({ title, beside, actions, children }: SectionProps): ReactNode {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-2">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="font-semibold text-title">{title}</h2>
        {beside !== undefined && <div className="text-muted">{beside}</div>}
        {actions !== undefined && <div className="ml-auto flex items-center gap-2">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Names and values side by side: the facts of one thing. */
export function Facts({
  facts,
}: {
  facts: readonly (readonly [name: string, value: ReactNode])[];
}): ReactNode {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(128px,1fr))] gap-x-6 gap-y-3">
      {facts.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-muted text-small">{name}</dt>
          <dd className="truncate">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
