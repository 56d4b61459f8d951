// Rotating and revoking a key, each after its name was typed. In: which key and what. Out: the list as it is
// then, and for a new secret the one place where it is shown. Whoever changes the key of this session is told
// so: a new secret is taken over, a revoked key ends the session.
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { ApiKey, MadeKey } from '../api/client-records.ts';
import { type ApiProblem, ask } from '../api/http.ts';
import { session } from '../session/session.ts';
import { ConfirmDialog } from '../show/dialog.tsx';
import { Said } from '../show/said.tsx';
import { KEYS } from './key-state.ts';
import { Secret } from './secret.tsx';

export type KeyChange = { kind: 'rotate' | 'revoke'; info: ApiKey };

export type ChangeKeyProps = { change: KeyChange | undefined; isOwn: boolean; onClose: () => void };

export function ChangeKey({ change, isOwn, onClose }: ChangeKeyProps): ReactNode {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeKey>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const close = (): void => {
    setProblem(undefined);
    onClose();
  };
  const run = async ({ kind, info }: KeyChange): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    const path = `${KEYS}/${encodeURIComponent(info.id)}`;
    try {
      if (kind === 'revoke') await ask(path, { method: 'DELETE' });
      else {
        const rotated = await ask<MadeKey>(`${path}/rotate`, { method: 'POST' });
        if (isOwn) session.signIn(rotated.key);
        setMade(rotated);
      }
      close();
      await cache.invalidateQueries({ queryKey: [KEYS] });
    } catch (error) {
      const { message, recovery } = error as ApiProblem;
      setProblem(`${message} ${recovery}`);
    }
    setBusy(false);
  };
  const { kind = 'revoke', info } = change ?? {};
  return (
    <>
      <ConfirmDialog
        title={kind === 'revoke' ? 'Revoke a key' : 'Give a key a new secret'}
        name={typedName(info)}
        action={kind === 'revoke' ? 'Revoke it' : 'Rotate it'}
        isOpen={change !== undefined}
        isBusy={isBusy}
        problem={problem}
        onConfirm={() => change !== undefined && void run(change)}
        onClose={close}
      >
        {info !== undefined && <Consequences kind={kind} info={info} isOwn={isOwn} />}
      </ConfirmDialog>
      <Secret made={made} isOwn={isOwn} onClose={() => setMade(undefined)} />
    </>
  );
}

type ConsequencesProps = { kind: KeyChange['kind']; info: ApiKey; isOwn: boolean };

function Consequences({ kind, info, isOwn }: ConsequencesProps): ReactNode {
  return (
    <div className="flex flex-col gap-2">
      <p>
        <strong className="font-medium text-ink">
          <Said>{info.name}</Said>
        </strong>{' '}
        ({info.id}, {info.scopes.join(', ')}
        {info.lastUsedAt === null && !isOwn ? ', never used' : ''}).{' '}
        {kind === 'revoke'
          ? 'Within 5 s it is refused everywhere, with every token and stream it opened. This cannot be taken back.'
          : 'It keeps its id and what it may do. The old secret is refused everywhere within 5 s; the new one is shown once.'}
      </p>
      {isOwn && (
        <p role="note" className="text-warn">
          {kind === 'revoke'
            ? 'This is the key you are signed in with: this session ends with it.'
            : 'This is the key you are signed in with: this tab takes the new secret over, others do not.'}
        </p>
      )}
    </div>
  );
}

// What does not show cannot be typed.
const HIDDEN = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** The name; for one that cannot be typed, the id. */
function typedName(info: ApiKey | undefined): string {
  if (info === undefined) return '';
  return HIDDEN.test(info.name) || info.name.trim() === '' ? info.id : info.name.trim();
}
