// Isolate and return: buttons for administrators, a dialog that says what will happen and asks for the name
// and a reason, and what was ordered until the source's state follows. The open dialog stands in the address
// (`?do=isolate`), so that the command palette leads to it.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, ask } from '../api/http.ts';
import type { Source } from '../api/records.ts';
import { queryClient } from '../api/use-api.ts';
import { useIsAdmin, useMe } from '../frame/use-status.ts';
import { useNowMs } from '../live/now.ts';
import { Button } from '../show/button.tsx';
import { ConfirmDialog } from '../show/dialog.tsx';
import { clockText, plural } from '../show/text.ts';
import { SOURCES_PATH } from './use-sources.ts';
import { ACTIONS, type Action, commandsFor } from './words.ts';

export type Ordered = { action: Action; atMs: number; stateBefore: string };

/** Adapters follow within a second; past this somebody should look. */
const FOLLOWS_WITHIN_MS = 10_000;

export function CommandButtons({ source }: { source: Source }): ReactNode {
  const isAdmin = useIsAdmin();
  const [, open] = useOpenAction();
  if (!isAdmin) return null;
  return commandsFor(source).map((action) => (
    <Button key={action} look={action === 'isolate' ? 'danger' : 'main'} onClick={() => open(action)}>
      {ACTIONS[action].verb}
    </Button>
  ));
}

/** The dialog, and beneath the heading what was ordered. */
export function Commands({ source }: { source: Source }): ReactNode {
  const { data: me } = useMe();
  const [action, open] = useOpenAction();
  const [ordered, setOrdered] = useState<Ordered>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const hasFollowed = ordered !== undefined && isDone(ordered, source.state);
  useEffect(() => {
    if (hasFollowed) setOrdered(undefined);
  }, [hasFollowed]);
  const close = (): void => {
    open(undefined);
    setProblem(undefined);
  };
  const order = async (wanted: Action, reason: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const path = `${SOURCES_PATH}/${encodeURIComponent(source.source)}/${wanted}`;
      await ask(path, { method: 'POST', body: { reason } });
      setOrdered({ action: wanted, atMs: Date.now(), stateBefore: source.state });
      close();
      void queryClient.invalidateQueries({ queryKey: [SOURCES_PATH] });
    } catch (error) {
      const { message, recovery } = error as ApiProblem;
      setProblem(`${message} ${recovery}`.trim());
    } finally {
      setBusy(false);
    }
  };
  if (action !== undefined && me !== undefined && !me.scopes.includes('admin')) {
    return (
      <p role="status" className="text-muted">
        To {action} a source takes a key with the scope <code className="font-mono">admin</code>; this one has{' '}
        {me.scopes.join(', ')}.
      </p>
    );
  }
  return (
    <>
      {ordered !== undefined && <OrderedLine ordered={ordered} name={source.name} />}
      {action !== undefined && me !== undefined && (
        <ConfirmDialog
          title={`${ACTIONS[action].verb} ${source.name}`}
          name={source.name}
          action={ACTIONS[action].verb}
          asksReason
          isOpen
          isBusy={isBusy}
          problem={problem}
          onConfirm={(reason) => void order(action, reason)}
          onClose={close}
        >
          {action === 'isolate' ? <IsolateSays source={source} /> : <ReturnSays source={source} />}
        </ConfirmDialog>
      )}
    </>
  );
}

function isDone({ action, stateBefore }: Ordered, state: string): boolean {
  return action === 'isolate' ? state === 'denied' : state !== 'denied' && state !== stateBefore;
}

function IsolateSays({ source: { name, pairsLive = 0 } }: { source: Source }): ReactNode {
  return (
    <>
      Nothing of {name} is asked or believed until it is taken back. What it gives now (
      {plural(pairsLive, 'pair')}) is withdrawn at once; feeds that rest on it go on with the sources they
      have left, and say so.
    </>
  );
}

function ReturnSays({ source: { name } }: { source: Source }): ReactNode {
  return (
    <>
      {name} is asked again at once. Its isolation, refusals, quarantines and waits are forgotten; what was
      learned of its reliability is not.
    </>
  );
}

function OrderedLine({ ordered: { action, atMs }, name }: { ordered: Ordered; name: string }): ReactNode {
  const isLate = useNowMs() - atMs > FOLLOWS_WITHIN_MS;
  return (
    <p role="status" className={isLate ? 'text-warn' : 'text-muted'}>
      {name} {ACTIONS[action].doing}, ordered at {clockText(atMs)}.
      {isLate && ' It has not followed yet: does adapters run?'}
    </p>
  );
}

/** Which dialog is open, in the address. */
function useOpenAction(): [Action | undefined, (action: Action | undefined) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const action = search.do === 'isolate' || search.do === 'return' ? search.do : undefined;
  const open = (next: Action | undefined): void => {
    const { do: _, ...rest } = search;
    const changed = next === undefined ? rest : { ...rest, do: next };
    void navigate({ to: '.', search: changed as never, replace: true, resetScroll: false });
  };
  return [action, open];
}
