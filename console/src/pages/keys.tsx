// The page of an administrator: who may do what (keys), and who did what (the audit record).
import { Link, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useIsAdmin } from '../frame/use-status.ts';
import { Audit } from '../keys/audit.tsx';
import { Keys } from '../keys/keys.tsx';
import { NewKey } from '../keys/new-key.tsx';
import { NeedsScope } from '../session/needs-scope.tsx';
import { Button } from '../show/button.tsx';
import { Page } from '../show/page.tsx';
import { TableSkeleton } from '../show/states.tsx';

export function KeysPage(): ReactNode {
  const isAdmin = useIsAdmin();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  const [isMaking, setMaking] = useState(false);
  const isAudit = tab === 'audit';
  const create = isAdmin && !isAudit && (
    <Button look="main" onClick={() => setMaking(true)}>
      Create a key
    </Button>
  );
  return (
    <Page title="Keys" actions={create}>
      <NeedsScope scope="admin" what="Keys and the audit record" skeleton={<TableSkeleton />}>
        <nav aria-label="Parts of this page" className="flex gap-4 border-line border-b">
          <Tab title="Keys" search={{}} isHere={!isAudit} />
          <Tab title="Audit record" search={{ tab: 'audit' }} isHere={isAudit} />
        </nav>
        {isAudit ? <Audit /> : <Keys onCreate={() => setMaking(true)} />}
        <NewKey isOpen={isMaking} onClose={() => setMaking(false)} />
      </NeedsScope>
    </Page>
  );
}

function Tab({ title, search, isHere }: { title: string; search: object; isHere: boolean }): ReactNode {
  return (
    <Link
      to="/keys"
      search={search as never}
      activeOptions={{ exact: true, includeSearch: true }}
      className={`-mb-px border-b-2 pb-1.5 ${isHere ? 'border-accent font-medium' : 'border-transparent text-muted hover:text-ink'}`}
    >
      {title}
    </Link>
  );
}
