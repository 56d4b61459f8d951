// Around what only some keys may see. In: the scope. Out: the page, or one sentence that names what the key
// does not have and how it is had.
import type { ReactNode } from 'react';
import { useMe } from '../frame/use-status.ts';
import { Said } from '../show/said.tsx';
import { Empty, Loading } from '../show/states.tsx';

export type NeedsScopeProps = {
  scope: 'prices:submit' | 'admin';
  /** What it is for, in a sentence: "Submissions". */
  what: string;
  skeleton: ReactNode;
  children: ReactNode;
};

export function NeedsScope({ scope, what, skeleton, children }: NeedsScopeProps): ReactNode {
  const { data: me, error } = useMe();
  if (me === undefined && error === null) return <Loading what={what}>{skeleton}</Loading>;
  // Who cannot be asked who it is finds out from the server what it may.
  if (me === undefined || me.scopes.includes(scope) || me.scopes.includes('admin')) return children;
  return (
    <Empty title={`${what} need the scope ${scope}.`}>
      The key "<Said>{me.name}</Said>" has {me.scopes.join(' and ')}. An administrator makes another one on
      the page Keys, or with <code className="font-mono">assay keys create my-key --scopes {scope}</code>.
    </Empty>
  );
}
