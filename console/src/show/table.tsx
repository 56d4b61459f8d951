// The one table of the console: sort by a head, filter by typing, choose columns (kept), copy as CSV, walk
// with j and k and open with Enter, sticky head, only the visible rows drawn beyond a hundred. Filter and
// sorting stand in the page's address (`?find=…&sort=…`), so that a view can be shared; a second table of a
// page gives itself a `name`, and its parameters carry it.
//
// In: rows, columns, a key per row and, where rows lead somewhere, `linkTo` (a link in the first column).
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  type ReactNode,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useIsPhone } from '../frame/viewport.ts';
import { TextInput } from './dialog.tsx';
import { arrange, type Column, nextSorting, type Sorting, toCsv } from './table-order.ts';
import { plural } from './text.ts';

export type { Column } from './table-order.ts';

export type TableProps<T> = {
  /** For people who cannot see it, and the name under which chosen columns are kept. */
  title: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  /** Where a row leads. */
  linkTo?: (row: T) => string;
  /** What one row is called: "feed". */
  noun?: string;
  /** Before the name of the parameters in the address; needed for a second table on one page. */
  name?: string;
  /** Used until somebody sorts. */
  sorting?: Sorting;
  /** Shows filter, count, columns and CSV. Default true. */
  hasTools?: boolean;
  /** Instead of rows, when the filter finds none or there are none. */
  empty?: ReactNode;
};

const ROW_PX = 28;
/** Beyond this only what is visible is drawn. */
const VIRTUAL_FROM = 100;
const OVERSCAN = 8;

export function Table<T>(props: TableProps<T>): ReactNode {
  const { title, rows, columns, noun = 'row', name = '', hasTools = true } = props;
  const [{ find, sorting = props.sorting }, setView] = useTableAddress(name);
  const [chosen, choose] = useChosenColumns(title, columns);
  const isPhone = useIsPhone();
  const shown = columns.filter((column) => (isPhone ? column.isOnPhone === true : chosen.has(column.id)));
  const arranged = useMemo(() => arrange(rows, columns, { find, sorting }), [rows, columns, find, sorting]);
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {hasTools && (
        <div className="flex flex-wrap items-center gap-2">
          <div className="w-full max-w-60">
            <TextInput
              type="search"
              label={`Filter ${title}`}
              placeholder="Filter"
              value={find}
              onChange={(text) => setView({ find: text, sorting })}
            />
          </div>
          <span className="text-muted text-table">
            {find === '' ? plural(rows.length, noun) : `${arranged.length} of ${plural(rows.length, noun)}`}
          </span>
          <div className="ml-auto flex items-center gap-3 text-table">
            {!isPhone && <ColumnMenu columns={columns} chosen={chosen} onChoose={choose} />}
            <CopyCsv text={() => toCsv(arranged, columns)} />
          </div>
        </div>
      )}
      <Rows
        {...props}
        arranged={arranged}
        shown={shown}
        current={sorting}
        onSort={(id) => setView({ find, sorting: nextSorting(id, sorting) })}
      />
    </div>
  );
}

type RowsProps<T> = TableProps<T> & {
  arranged: readonly T[];
  shown: readonly Column<T>[];
  current: Sorting | undefined;
  onSort: (id: string) => void;
};

function Rows<T>(props: RowsProps<T>): ReactNode {
  const { title, arranged, shown, current, onSort, rowKey, linkTo, empty } = props;
  const box = useRef<HTMLDivElement>(null);
  const isVirtual = arranged.length > VIRTUAL_FROM;
  const virtual = useVirtualizer({
    count: isVirtual ? arranged.length : 0,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const items = virtual.getVirtualItems();
  const first = isVirtual ? (items[0]?.index ?? 0) : 0;
  const last = isVirtual ? (items.at(-1)?.index ?? -1) : arranged.length - 1;
  const isPhone = useIsPhone();
  const walked = useRowKeys({
    box,
    count: arranged.length,
    reach: (at) => isVirtual && virtual.scrollToIndex(at),
  });
  return (
    <div
      ref={box}
      className={`overflow-x-auto rounded-box border border-line ${isVirtual ? 'max-h-[calc(100vh-190px)] overflow-y-auto' : ''}`}
    >
      <table
        aria-label={title}
        aria-rowcount={arranged.length + 1}
        className="w-full table-fixed border-collapse text-table"
      >
        <colgroup>
          {shown.map(({ id, width, phoneWidth }) => (
            <col key={id} style={widthOf(isPhone ? phoneWidth : width)} />
          ))}
        </colgroup>
        <thead className="sticky top-0 z-10 bg-surface">
          <tr className="h-7">
            {shown.map((column) => (
              <Head key={column.id} column={column} current={current} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap rows={first} />}
          {arranged.slice(first, last + 1).map((row, i) => (
            <Row
              key={rowKey(row)}
              row={row}
              at={first + i}
              shown={shown}
              to={linkTo?.(row)}
              isWalked={walked === first + i}
            />
          ))}
          {last < arranged.length - 1 && <Gap rows={arranged.length - 1 - last} />}
        </tbody>
      </table>
      {arranged.length === 0 && (
        <div className="border-line border-t px-3 py-4 text-muted">{empty ?? 'Nothing matches.'}</div>
      )}
    </div>
  );
}

function Head<T>({
  column,
  current,
  onSort,
}: {
  column: Column<T>;
  current: Sorting | undefined;
  onSort: (id: string) => void;
}): ReactNode {
  const direction =
    current === column.id ? 'ascending' : current === `-${column.id}` ? 'descending' : undefined;
  const place = column.align === 'right' ? 'justify-end text-right' : '';
  return (
    <th
      scope="col"
      aria-sort={direction ?? (column.sort === undefined ? undefined : 'none')}
      className="overflow-hidden border-line border-b px-2 text-left font-medium text-muted sm:px-3"
    >
      {column.sort === undefined ? (
        <span className={`flex truncate ${place}`}>{column.title}</span>
      ) : (
        <button
          type="button"
          onClick={() => onSort(column.id)}
          className={`flex w-full items-center gap-1 truncate hover:text-ink ${place}`}
        >
          <span className={`truncate ${column.align === 'right' ? 'order-2' : ''}`}>{column.title}</span>
          <span aria-hidden="true" className="w-2">
            {direction === 'ascending' ? '↑' : direction === 'descending' ? '↓' : ''}
          </span>
        </button>
      )}
    </th>
  );
}

type RowProps<T> = {
  row: T;
  at: number;
  shown: readonly Column<T>[];
  to: string | undefined;
  isWalked: boolean;
};

function Row<T>({ row, at, shown, to, isWalked }: RowProps<T>): ReactNode {
  const navigate = useNavigate();
  return (
    // A click on the row is a convenience beside the link in its first cell, which is what the keyboard
    // reaches.
    <tr
      data-row={at}
      aria-rowindex={at + 2}
      onClick={(event) => {
        const isOnControl = (event.target as Element).closest('a,button,input,label,summary') !== null;
        if (to !== undefined && !isOnControl && getSelection()?.isCollapsed !== false) void navigate({ to });
      }}
      className={`h-7 border-line border-b last:border-b-0 ${to === undefined ? '' : 'cursor-pointer'} ${
        isWalked ? 'bg-select' : 'hover:bg-surface'
      }`}
    >
      {shown.map((column, i) => (
        <td
          key={column.id}
          className={`overflow-hidden px-2 sm:px-3 ${column.isWrapped === true ? 'py-1 align-middle' : 'text-ellipsis whitespace-nowrap'} ${column.align === 'right' ? 'text-right' : ''}`}
        >
          {i === 0 && to !== undefined ? (
            <Link to={to} className="text-ink hover:text-accent hover:underline">
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function widthOf(width: string | undefined): CSSProperties {
  return width === undefined ? {} : { width };
}

/** The place of rows that are not drawn. */
function Gap({ rows }: { rows: number }): ReactNode {
  return (
    <tr>
      <td style={{ height: rows * ROW_PX }} />
    </tr>
  );
}

/** j and k walk the rows of the table on the page, Enter follows the link of the one reached. */
function useRowKeys({
  box,
  count,
  reach,
}: {
  box: RefObject<HTMLDivElement | null>;
  count: number;
  reach: (at: number) => unknown;
}): number {
  const [walked, setWalked] = useState(-1);
  const latest = useRef({ count, walked, reach });
  latest.current = { count, walked, reach };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      // Of several tables the first that is on the page has the keys.
      if (document.querySelector('table')?.closest('div') !== box.current) return;
      const now = latest.current;
      const row = (at: number) => box.current?.querySelector<HTMLElement>(`[data-row="${at}"]`);
      if (event.key === 'j' || event.key === 'k') {
        const at = Math.max(0, Math.min(now.count - 1, now.walked + (event.key === 'j' ? 1 : -1)));
        now.reach(at);
        row(at)?.scrollIntoView({ block: 'nearest' });
        setWalked(at);
        event.preventDefault();
      } else if (event.key === 'Enter' && !isControl(event.target)) {
        row(now.walked)?.querySelector('a')?.click();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [box]);
  return walked;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('input,textarea,select,[contenteditable],dialog') !== null
  );
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a,button,summary') !== null;
}

function ColumnMenu<T>({
  columns,
  chosen,
  onChoose,
}: {
  columns: readonly Column<T>[];
  chosen: ReadonlySet<string>;
  onChoose: (id: string) => void;
}): ReactNode {
  return (
    <details className="relative">
      <summary className="list-none text-accent hover:underline">Columns</summary>
      <div className="absolute right-0 z-20 mt-1 flex min-w-40 flex-col gap-1 rounded-box border border-line bg-paper p-2 shadow-lg">
        {columns.map(({ id, title }, i) => (
          <label key={id} className="flex items-center gap-2 whitespace-nowrap">
            <input
              type="checkbox"
              checked={chosen.has(id)}
              disabled={i === 0}
              onChange={() => onChoose(id)}
            />
            {title}
          </label>
        ))}
      </div>
    </details>
  );
}

function CopyCsv({ text }: { text: () => string }): ReactNode {
  const [said, setSaid] = useState('');
  return (
    <button
      type="button"
      className="w-24 text-right text-accent hover:underline"
      onClick={() => {
        const say = (words: string) => {
          setSaid(words);
          setTimeout(() => setSaid(''), 2_000);
        };
        navigator.clipboard.writeText(text()).then(
          () => say('Copied'),
          () => say('Not allowed'),
        );
      }}
    >
      {said === '' ? 'Copy as CSV' : said}
    </button>
  );
}

type TableView = { find: string; sorting?: Sorting | undefined };

/** Filter and sorting of a table, in the page's address. */
function useTableAddress(name: string): [TableView, (view: TableView) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const [find, sort] = name === '' ? ['find', 'sort'] : [`${name}-find`, `${name}-sort`];
  const read = (key: string) => (typeof search[key] === 'string' ? search[key] : undefined);
  const sorting = read(sort);
  const change = (view: TableView): void => {
    const next: Record<string, unknown> = { ...search, [find]: view.find, [sort]: view.sorting };
    for (const key of [find, sort]) if (next[key] === undefined || next[key] === '') delete next[key];
    void navigate({ to: '.', search: next as never, replace: true });
  };
  return [{ find: read(find) ?? '', ...(sorting === undefined ? {} : { sorting }) }, change];
}

/** Which columns a person wants, kept in the browser. */
function useChosenColumns<T>(
  title: string,
  columns: readonly Column<T>[],
): [ReadonlySet<string>, (id: string) => void] {
  const place = `assay-columns ${title}`;
  const [stored, setStored] = useState<Record<string, boolean>>(() => {
    try {
      return JSON.parse(localStorage.getItem(place) ?? '{}') as Record<string, boolean>;
    } catch {
      return {};
    }
  });
  const isChosen = ({ id, isExtra }: Column<T>, i: number) => i === 0 || (stored[id] ?? isExtra !== true);
  const chosen = new Set(columns.filter(isChosen).map(({ id }) => id));
  const choose = (id: string): void => {
    const next = { ...stored, [id]: !chosen.has(id) };
    setStored(next);
    localStorage.setItem(place, JSON.stringify(next));
  };
  return [chosen, choose];
}
