// The audit record: who asked, submitted, subscribed or changed what, when, with what result. Reads of one
// kind are counted by the minute. Who and what stand in the address, and the server filters by them.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useId, useState } from 'react';
import type { ApiKey, AuditList, AuditRecord } from '../api/client-records.ts';
import { useApi } from '../api/use-api.ts';
import { useApiPages } from '../api/use-pages.ts';
import { Instant } from '../show/age.tsx';
import { Button } from '../show/button.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { Proposals } from '../show/form.tsx';
import { Older } from '../show/older.tsx';
import { Said } from '../show/said.tsx';
import { Dot, type Tone, toneClass } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { countText } from '../show/text.ts';
import { KEYS } from './key-state.ts';

/** It is written every two seconds. */
const EVERY_MS = 5_000;

export function Audit(): ReactNode {
  const search = useSearch({ strict: false }) as { who?: string; action?: string };
  const { who = '', action = '' } = search;
  const filters = new URLSearchParams({
    ...(who === '' ? {} : { who }),
    ...(action === '' ? {} : { action }),
    limit: '100',
  });
  const path = `/v1/audit?${filters}`;
  const query = useApiPages<AuditList, AuditRecord>(path, ({ records }) => records, { everyMs: EVERY_MS });
  const actions = [...new Set(query.data?.map((one) => one.action))].sort();
  return (
    <div className="flex flex-col gap-3">
      <Filters key={`${who} ${action}`} who={who} action={action} actions={actions} />
      <Loaded
        query={query}
        what="The audit record"
        skeleton={<TableSkeleton rows={12} columns={5} />}
        stillWorks="What is done is still recorded."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty
            title={
              who === '' && action === '' ? 'Nothing was recorded yet.' : 'Nothing was recorded of that.'
            }
          >
            What clients do appears here within seconds; reads are counted by the minute.
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <div className="flex flex-col gap-2">
              <Table
                title="Audit record"
                noun="record"
                rows={list}
                columns={COLUMNS}
                rowKey={({ id }) => id}
                sorting="-at"
                empty="None of these records has that in it."
              />
              <Older path={path} query={query} />
            </div>
          </Disconnected>
        )}
      </Loaded>
    </div>
  );
}

type FiltersProps = { who: string; action: string; actions: readonly string[] };

function Filters({ who, action, actions }: FiltersProps): ReactNode {
  const keys = useApi<ApiKey[]>(KEYS, { freshForMs: 60_000 }).data ?? [];
  const navigate = useNavigate();
  const proposals = useId();
  const [wanted, setWanted] = useState(action);
  const go = (next: { who: string; action: string }): void => {
    const given = Object.entries({ tab: 'audit', ...next }).filter(([, value]) => value !== '');
    void navigate({ to: '/keys', search: Object.fromEntries(given) as never, replace: true });
  };
  const isKnown = who === '' || keys.some(({ id }) => id === who);
  return (
    <form
      aria-label="Filters of the audit record"
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        go({ who, action: wanted.trim() });
      }}
    >
      <Field label="Who">
        {(id) => (
          <select
            id={id}
            value={who}
            onChange={({ target }) => go({ who: target.value, action: wanted.trim() })}
            className="h-7 max-w-60 rounded-box border border-line bg-paper px-2 text-table"
          >
            <option value="">everybody</option>
            {!isKnown && <option value={who}>{who}</option>}
            {keys.map(({ id: key, name }) => (
              <option key={key} value={key}>
                {name} ({key})
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="What, as it is recorded">
        {(id) => (
          <TextInput
            id={id}
            value={wanted}
            onChange={setWanted}
            placeholder="POST /v1/submissions"
            list={proposals}
          />
        )}
      </Field>
      <Proposals id={proposals} values={actions} />
      <Button type="submit">Show</Button>
      {(who !== '' || action !== '') && (
        <Button onClick={() => go({ who: '', action: '' })}>All of it</Button>
      )}
    </form>
  );
}

const COLUMNS: readonly Column<AuditRecord>[] = [
  {
    id: 'at',
    title: 'When',
    cell: ({ at }) => <Instant at={at} />,
    sort: ({ at }) => Date.parse(at),
    text: ({ at }) => at,
    width: '116px',
    phoneWidth: '24%',
    isOnPhone: true,
  },
  {
    id: 'who',
    title: 'Who',
    cell: ({ whoName }) => <Said>{whoName}</Said>,
    sort: ({ whoName }) => whoName,
    text: ({ whoName, who }) => `${whoName} ${who}`,
    width: '180px',
    phoneWidth: '21%',
    isOnPhone: true,
  },
  {
    id: 'key',
    title: 'Id',
    cell: ({ who }) => <code className="font-mono">{who}</code>,
    text: ({ who }) => who,
    width: '120px',
  },
  {
    id: 'action',
    title: 'What',
    cell: ({ action }) => <code title={action}>{action}</code>,
    sort: ({ action }) => action,
    text: ({ action }) => action,
    width: '250px',
    phoneWidth: '30%',
    isOnPhone: true,
  },
  {
    id: 'result',
    title: 'Result',
    cell: ({ result }) => <Result result={result} />,
    sort: ({ result }) => result,
    text: ({ result }) => result,
    width: '160px',
    isOnPhone: true,
  },
  {
    id: 'count',
    title: 'Times',
    cell: ({ count }) => countText(count),
    sort: ({ count }) => count,
    text: ({ count }) => String(count),
    align: 'right',
    width: '76px',
  },
  {
    id: 'detail',
    title: 'About',
    cell: ({ detail }) => (
      <span title={detailText(detail)} className="text-muted">
        {detailText(detail)}
      </span>
    ),
    text: ({ detail }) => detailText(detail),
  },
];

function Result({ result }: { result: string }): ReactNode {
  const tone = resultTone(result);
  return (
    <span className="inline-flex items-center gap-1.5">
      <Dot tone={tone} />
      <span className={tone === 'ok' ? '' : toneClass(tone)}>{result}</span>
    </span>
  );
}

/** A word (`ok`, `opened`), a status of HTTP, or a code of an error, in capitals. */
function resultTone(result: string): Tone {
  if (/^5\d\d$/.test(result)) return 'critical';
  return /^4\d\d$|^[A-Z_]+$/.test(result) ? 'warn' : 'ok';
}

/** "id sub_12, feed BTC/USD". */
function detailText(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
