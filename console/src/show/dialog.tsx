// Dialogs on the browser's own element, which keeps the focus inside and closes on Escape. `ConfirmDialog` is
// for what is dangerous: it says what will happen, asks for the name typed, and for a reason where one is
// kept.
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Button } from './button.tsx';

export type DialogProps = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
};

export function Dialog({ title, isOpen, onClose, children }: DialogProps): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    if (isOpen && element.current?.open === false) element.current.showModal();
    if (!isOpen) element.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={element}
      aria-labelledby={heading}
      onClose={onClose}
      className="m-auto w-[min(440px,calc(100vw-24px))] rounded-box border border-line bg-paper p-0 text-ink shadow-xl"
    >
      {isOpen && (
        <div className="flex flex-col gap-3 p-4">
          <h2 id={heading} className="font-semibold text-title">
            {title}
          </h2>
          {children}
        </div>
      )}
    </dialog>
  );
}

export type ConfirmDialogProps = {
  /** "Isolate Kraken". */
  title: string;
  /** What will happen, in sentences. */
  children: ReactNode;
  /** Has to be typed before the button works. */
  name: string;
  /** Asks for a reason of at least three characters, which is recorded. */
  asksReason?: boolean;
  action: string;
  isOpen: boolean;
  isBusy?: boolean;
  /** A sentence, when it did not work. */
  problem?: string | undefined;
  onConfirm: (reason: string) => void;
  onClose: () => void;
};

export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { title, children, isOpen, onClose } = props;
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <div className="text-muted">{children}</div>
      <ConfirmForm {...props} />
    </Dialog>
  );
}

function ConfirmForm({
  name,
  asksReason = false,
  action,
  isBusy = false,
  problem,
  onConfirm,
  onClose,
}: ConfirmDialogProps): ReactNode {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const isReady = typed.trim() === name && (!asksReason || reason.trim().length >= 3);
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onConfirm(reason.trim());
      }}
    >
      {asksReason && (
        <Field label="Reason (recorded with the name of your key)">
          {(id) => <TextInput id={id} value={reason} onChange={setReason} />}
        </Field>
      )}
      <Field label={`Type ${name} to go on`}>
        {(id) => <TextInput id={id} value={typed} onChange={setTyped} isMono />}
      </Field>
      {problem !== undefined && (
        <p role="alert" className="text-critical">
          {problem}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="danger" isDisabled={!isReady} isBusy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  );
}

/** A label above its control, and beneath it what is wrong with what stands there. */
export function Field({
  label,
  problem,
  children,
}: {
  label: string;
  problem?: string | undefined;
  children: (id: string, problemId: string | undefined) => ReactNode;
}): ReactNode {
  const id = useId();
  const problemId = problem === undefined ? undefined : `${id}-problem`;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-muted text-table">
        {label}
      </label>
      {children(id, problemId)}
      {problem !== undefined && (
        <p id={problemId} role="alert" className="break-words text-critical text-table">
          {problem}
        </p>
      )}
    </div>
  );
}

export type TextInputProps = {
  id?: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  label?: string;
  type?: 'text' | 'password' | 'search' | 'number' | 'date';
  isMono?: boolean;
  /** Id of the sentence that says what is wrong with it. */
  problemId?: string | undefined;
  /** Id of a list of proposals. */
  list?: string;
};

export function TextInput({
  id,
  value,
  onChange,
  placeholder,
  label,
  type = 'text',
  isMono,
  problemId,
  list,
}: TextInputProps): ReactNode {
  return (
    <input
      id={id}
      type={type}
      value={value}
      aria-label={label}
      aria-describedby={problemId}
      aria-invalid={problemId === undefined ? undefined : true}
      list={list}
      placeholder={placeholder}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
      className={`h-7 w-full rounded-box border bg-paper px-2 placeholder:text-muted ${problemId === undefined ? 'border-line' : 'border-critical'} ${isMono === true ? 'font-mono text-table' : ''}`}
    />
  );
}
