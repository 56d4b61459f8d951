// Every key with what it may do, and what an administrator does to it: a new secret, or none at all.
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { ApiKey } from '../api/client-records.ts';
import { useApi } from '../api/use-api.ts';
import { useMe } from '../frame/use-status.ts';
import { Instant } from '../show/age.tsx';
import { Button } from '../show/button.tsx';
import { Said } from '../show/said.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { exactText, whenText } from '../show/text.ts';
import { ChangeKey, type KeyChange } from './change-key.tsx';
import { KEYS, stateOf } from './key-state.ts';

/** Whoever revokes a key elsewhere is seen here as soon as it is refused. */
const EVERY_MS = 5_000;

export function Keys({ onCreate }: { onCreate: () => void }): ReactNode {
  const query = useApi<ApiKey[]>(KEYS, { everyMs: EVERY_MS });
  const { data: me } = useMe();
  const [change, setChange] = useState<KeyChange>();
  return (
    <>
      <Loaded
        query={query}
        what="The keys"
        skeleton={<TableSkeleton rows={6} columns={7} />}
        stillWorks="Every key goes on as before."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty title="There is no key that is kept here.">
            <p className="mb-2">
              Whoever signed in came by another way. <code className="font-mono">assay keys create</code>{' '}
              makes one, or this:
            </p>
            <Button onClick={onCreate}>Create a key</Button>
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <Table
              title="Keys"
              noun="key"
              rows={list}
              columns={[...columnsOf(me?.id), actionsOf(setChange)]}
              rowKey={({ id }) => id}
              sorting="-created"
              empty="No key has that in it."
            />
          </Disconnected>
        )}
      </Loaded>
      <ChangeKey change={change} isOwn={change?.info.id === me?.id} onClose={() => setChange(undefined)} />
    </>
  );
}

function columnsOf(own: string | undefined): Column<ApiKey>[] {
  return [
    {
      id: 'name',
      title: 'Name',
      cell: ({ id, name }) => (
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">
            <Said>{name}</Said>
          </span>
          {id === own && <span className="text-accent">in use here</span>}
        </span>
      ),
      sort: ({ name }) => name,
      text: ({ name }) => name,
      isWrapped: true,
      isOnPhone: true,
      width: '180px',
      phoneWidth: '34%',
    },
    {
      id: 'state',
      title: 'State',
      cell: (key) => <StateDot state={stateOf(key)} />,
      sort: (key) => stateOf(key),
      text: (key) => stateOf(key),
      isOnPhone: true,
      width: '96px',
      phoneWidth: '25%',
    },
    {
      id: 'scopes',
      title: 'Scopes',
      cell: ({ scopes }) => <span title={scopes.join(', ')}>{scopes.join(', ')}</span>,
      text: ({ scopes }) => scopes.join(' '),
      width: '232px',
    },
    {
      id: 'feeds',
      title: 'Feeds',
      cell: ({ feeds }) => <span title={feeds?.join(', ')}>{feeds === null ? 'all' : feeds.join(', ')}</span>,
      text: ({ feeds }) => feeds?.join(' ') ?? 'all',
    },
    {
      id: 'tier',
      title: 'Tier',
      cell: ({ tier }) => tier,
      sort: ({ tier }) => tier,
      text: ({ tier }) => tier,
      width: '84px',
    },
    timeColumn('created', 'Created', ({ createdAt }) => createdAt, '–'),
    {
      ...timeColumn('expires', 'Expires', ({ expiresAt }) => expiresAt, 'never'),
      cell: ({ expiresAt }) => (expiresAt === null ? 'never' : <Later at={expiresAt} />),
    },
    timeColumn('used', 'Last used', ({ lastUsedAt }) => lastUsedAt, 'never'),
    {
      id: 'id',
      title: 'Id',
      cell: ({ id }) => <code className="font-mono">{id}</code>,
      text: ({ id }) => id,
      width: '116px',
    },
  ];
}

function timeColumn(
  id: string,
  title: string,
  at: (key: ApiKey) => string | null,
  otherwise: string,
): Column<ApiKey> {
  return {
    id,
    title,
    cell: (key) => (at(key) === null ? otherwise : <Instant at={at(key)} />),
    sort: (key) => (at(key) === null ? undefined : Date.parse(at(key)!)),
    text: (key) => at(key) ?? otherwise,
    width: '98px',
  };
}

/** A day that may lie years ahead. */
function Later({ at }: { at: string }): ReactNode {
  const ms = Date.parse(at);
  const isThisYear = new Date(ms).getFullYear() === new Date().getFullYear();
  const day = new Date(ms).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
  return (
    <time dateTime={at} title={exactText(ms)}>
      {isThisYear ? whenText(ms) : day}
    </time>
  );
}

function actionsOf(onChange: (change: KeyChange) => void): Column<ApiKey> {
  return {
    id: 'do',
    title: 'Change',
    cell: (info) =>
      stateOf(info) === 'revoked' ? (
        <span className="text-muted">–</span>
      ) : (
        <span className="flex flex-wrap gap-x-3">
          <Act word="Rotate" name={info.name} onClick={() => onChange({ kind: 'rotate', info })} />
          <Act word="Revoke" name={info.name} onClick={() => onChange({ kind: 'revoke', info })} />
        </span>
      ),
    isOnPhone: true,
    isWrapped: true,
    width: '124px',
  };
}

function Act({ word, name, onClick }: { word: string; name: string; onClick: () => void }): ReactNode {
  return (
    <button
      type="button"
      aria-label={`${word} ${name}`}
      onClick={onClick}
      className="text-accent hover:underline"
    >
      {word}
    </button>
  );
}
