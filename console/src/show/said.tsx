// Words that a stranger wrote (the name of a submitter, of a key): text and never markup, set apart so that
// letters of another direction do not turn what stands beside them.
import type { ReactNode } from 'react';

export function Said({ children }: { children: string }): ReactNode {
  return (
    <bdi title={children} className="[overflow-wrap:anywhere]">
      {children}
    </bdi>
  );
}
