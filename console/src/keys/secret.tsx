// The one moment at which a key is in the open: shown, copied, and not kept anywhere in this page.
import { type ReactNode, useState } from 'react';
import type { MadeKey } from '../api/client-records.ts';
import { Button } from '../show/button.tsx';
import { Dialog } from '../show/dialog.tsx';
import { Said } from '../show/said.tsx';

export type SecretProps = { made: MadeKey | undefined; isOwn?: boolean; onClose: () => void };

export function Secret({ made, isOwn = false, onClose }: SecretProps): ReactNode {
  const [said, setSaid] = useState('Copy');
  const close = (): void => {
    setSaid('Copy');
    onClose();
  };
  const copy = (): void => {
    navigator.clipboard.writeText(made?.key ?? '').then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed: select it'),
    );
  };
  return (
    <Dialog title="The key, shown once" isOpen={made !== undefined} onClose={close}>
      {made !== undefined && (
        <>
          <p>
            This is the only time that the key of <Said>{made.name}</Said> is shown: the server keeps no copy.
            Put it where its owner finds it and nobody else does; whoever has it may do what it may.
          </p>
          {isOwn && <p className="text-muted">This tab uses it from now on.</p>}
          <code className="select-all break-all rounded-box border border-line bg-surface px-2 py-1.5 font-mono text-table">
            {made.key}
          </code>
          <div className="flex justify-end gap-2">
            <Button onClick={copy}>{said}</Button>
            <Button look="main" onClick={close}>
              I have it
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
