// Sign-in by key. Out: a session, once the server has accepted the key. Says where a key is found, because
// the first person who sees this page has just started the sandbox.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type ApiProblem, ask } from '../api/http.ts';
import { Mark } from '../frame/shell.tsx';
import { Button } from '../show/button.tsx';
import { Field, TextInput } from '../show/dialog.tsx';
import { session, useSession } from './session.ts';

export function SignIn(): ReactNode {
  const { notice } = useSession();
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isAsking, setAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    document.title = 'Sign in · Assay';
    // There is nothing else to do here.
    form.current?.querySelector('input')?.focus();
  }, []);
  const signIn = async (): Promise<void> => {
    const given = key.trim();
    if (given === '') return setProblem('Paste a key first; it begins with ak_.');
    // What no header can carry is no key; asking would look like a server that is away.
    if (!/^[\x21-\x7e]{1,8192}$/.test(given)) return setProblem('That is no key: one begins with ak_.');
    setAsking(true);
    try {
      await ask('/v1/status', { key: given });
      session.signIn(given);
    } catch (error) {
      setProblem(sentenceOf(error as ApiProblem));
      setAsking(false);
    }
  };
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-105 flex-col justify-center gap-5 px-4 py-10">
      <h1 className="flex items-center gap-2 font-semibold text-figure">
        <span className="text-accent">
          <Mark />
        </span>
        Assay
      </h1>
      {notice !== undefined && (
        <p role="status" className="text-warn">
          {notice}
        </p>
      )}
      <form
        ref={form}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <Field label="API key">
          {(id) => (
            <TextInput id={id} type="password" value={key} onChange={setKey} placeholder="ak_…" isMono />
          )}
        </Field>
        {problem !== undefined && (
          <p role="alert" className="text-critical">
            {problem}
          </p>
        )}
        <div>
          <Button type="submit" look="main" isBusy={isAsking}>
            Sign in
          </Button>
        </div>
      </form>
      <WhereKeysAre />
    </main>
  );
}

function WhereKeysAre(): ReactNode {
  return (
    <div className="flex flex-col gap-2 border-line border-t pt-4 text-muted">
      <p>
        <strong className="font-medium text-ink">In the sandbox</strong> the key stands in the terminal where
        Assay was started, in the line <code className="font-mono text-table">api key</code>.
      </p>
      <p>
        <strong className="font-medium text-ink">Elsewhere</strong> an administrator makes one with{' '}
        <code className="font-mono text-table">assay keys create</code>; it is shown once.
      </p>
      <p>The key stays in this tab and is forgotten when it is closed.</p>
    </div>
  );
}

function sentenceOf({ status, message, recovery }: ApiProblem): string {
  if (status === 401)
    return 'The server does not know this key. Was it copied whole? It may have expired or been revoked.';
  if (status === 403)
    return 'This key is good, but may not read prices. Ask for one with the scope prices:read.';
  return `${message} ${recovery}`.trim();
}
