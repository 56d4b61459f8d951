// Buttons: one plain, one for the main action of a form, one for what cannot be undone.
import type { ReactNode } from 'react';

export type ButtonProps = {
  children: ReactNode;
  onClick?: () => void;
  type?: 'button' | 'submit';
  look?: 'plain' | 'main' | 'danger';
  isBusy?: boolean;
  isDisabled?: boolean;
  title?: string;
};

const LOOKS = {
  plain: 'border-line bg-paper hover:bg-raised',
  main: 'border-accent bg-accent text-on-accent hover:brightness-110',
  danger: 'border-critical bg-paper text-critical hover:bg-raised',
};

export function Button({
  children,
  onClick,
  type = 'button',
  look = 'plain',
  isBusy = false,
  isDisabled = false,
  title,
}: ButtonProps): ReactNode {
  return (
    <button
      type={type}
      onClick={onClick}
      disabled={isBusy || isDisabled}
      title={title}
      className={`inline-flex h-7 items-center gap-1.5 whitespace-nowrap rounded-box border px-2.5 text-table disabled:opacity-50 ${LOOKS[look]}`}
    >
      {isBusy ? 'One moment …' : children}
    </button>
  );
}
